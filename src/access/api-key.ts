import { createHmac, timingSafeEqual } from "node:crypto";
import type { Clock } from "../runtime/clock.ts";
import { createId } from "../runtime/id.ts";
import type { Random } from "../runtime/random.ts";
import type { Secret } from "../runtime/secret.ts";
import { mintText, readText } from "./secret-text.ts";

export const SCOPES = [
  "token:read",
  "connections:read",
  "connections:write",
  "clients:write",
  "keys:write",
  "audit:read",
  "metrics:read",
  "webhooks:read",
  "webhooks:write",
  "admin",
] as const;

export type Scope = (typeof SCOPES)[number];

/** A key as it is stored: only a keyed hash of its secret part, so that a stolen database opens nothing. */
export interface ApiKey {
  id: string;
  tenantId: string;
  name: string;
  scopes: Scope[];
  hash: Uint8Array;
  createdAt: number;
  expiresAt: number | null;
  revokedAt: number | null;
  /** Blocks of addresses in their shortest form; from anywhere when there are none. */
  allowedCidrs: string[];
  /** Requests a second; null for what the installation allows each key. */
  rateLimit: number | null;
  /** The key that this one was made for by rotation, and the one that was made for it. */
  replaces: string | null;
  replacedBy: string | null;
  /** Up to a minute behind. The address is null where it was not known. */
  lastUsedAt: number | null;
  lastUsedFrom: string | null;
}

export interface MintedKey {
  id: string;
  /** `eg_<kind>_<id>_<secret><crc32>`, shown once. */
  text: Secret<string>;
}

export function mintKey(kind: "admin" | "key", clock: Clock, random: Random): MintedKey {
  const id = createId("key", clock, random);
  return { id, text: mintText(kind, id, random) };
}

/** The id of a well-formed key; null for anything else, so that typing errors cost no database row. */
export function readKeyId(text: string): string | null {
  const read = readText(text);
  return read?.kind === "admin" || read?.kind === "key" ? `key_${read.id}` : null;
}

export function hashKey(pepper: Secret<Uint8Array>, text: string): Uint8Array {
  return createHmac("sha256", pepper.reveal()).update(text).digest();
}

export function sameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

export function isUsable(key: Pick<ApiKey, "revokedAt" | "expiresAt">, now: number): boolean {
  return key.revokedAt === null && (key.expiresAt === null || key.expiresAt > now);
}
