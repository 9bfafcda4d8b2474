import { createHash, createHmac } from "node:crypto";
import type { Secret } from "../runtime/secret.ts";
import type { AuditCheckpoint, AuditEntry, AuditHead } from "./audit.ts";

/** What the hash of an entry is of; an export has it line by line, each with its hash. */
export interface AuditRecord {
  seq: number;
  tenant: string;
  /** Epoch milliseconds by the database's clock. */
  at: number;
  act: string;
  actor: { kind: string; id: string | null };
  object: string | null;
  from: string | null;
  detail: Record<string, string | number | boolean | null>;
}

/** What stands before the first entry of a chain. */
export const GENESIS = "0".repeat(64);

/** A chain gets a checkpoint when so many entries have come since the last. */
export const CHECKPOINT_EVERY = 1000;

/** SHA-256 over the hash before, as bytes, and the canonical JSON of the entry. Hex. */
export function chainHash(previous: string, entry: Omit<AuditEntry, "hash">): string {
  return createHash("sha256")
    .update(Buffer.from(previous, "hex"))
    .update(canonicalJson(auditRecord(entry)))
    .digest("hex");
}

export function auditRecord(entry: Omit<AuditEntry, "hash">): AuditRecord {
  return {
    seq: entry.seq,
    tenant: entry.tenantId,
    at: entry.at,
    act: entry.name,
    actor: { kind: entry.actor.kind, id: entry.actor.id },
    object: entry.objectId,
    from: entry.from,
    detail: { ...entry.detail },
  };
}

/** Whoever can write to the database and lacks the root key cannot sign, and so cannot end a chain where he likes. Hex. */
export function signHead(key: Secret<Uint8Array>, { tenantId, seq, hash }: Omit<AuditHead, "signature">): string {
  return sign(key, { kind: "head", tenant: tenantId, seq, hash });
}

export function signCheckpoint(key: Secret<Uint8Array>, checkpoint: Omit<AuditCheckpoint, "signature">): string {
  const { tenantId, seq, hash, at } = checkpoint;
  return sign(key, { kind: "checkpoint", tenant: tenantId, seq, hash, at });
}

function sign(key: Secret<Uint8Array>, claim: Record<string, string | number>): string {
  return createHmac("sha256", key.reveal()).update(canonicalJson(claim)).digest("hex");
}

/** Keys in order and no space between (RFC 8785): the same value is always the same text. */
function canonicalJson(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(",")}}`;
}
