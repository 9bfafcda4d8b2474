import { MINUTE } from "../runtime/clock.ts";
import type { Client } from "./client.ts";
import { addressOf } from "./redirect-uri.ts";

/** How long a provider may keep the keys that it has read. */
export const KEYS_ARE_KEPT = 5 * MINUTE;

/** A new key is published for so long before it is tried; many providers read again when they meet a key that they do not know. */
export const PUBLISHED_BEFORE = 2 * KEYS_ARE_KEPT;

/** Where a client publishes the keys that it signs with (RFC 7591 §2); `publicUrl` is where the installation is reached. */
export function jwksUri(publicUrl: string, client: Pick<Client, "id" | "publicUrl">): string {
  return `${addressOf(publicUrl, client)}/oauth/jwks/${client.id}`;
}
