import { createHash, hkdfSync } from "node:crypto";
import type { KeptRootKey } from "../access/key-store.ts";
import { randomToken, type Random } from "../runtime/random.ts";
import { secret, type Secret } from "../runtime/secret.ts";

/** The key that wraps all others. It never seals data itself. */
export interface RootKey {
  bytes: Secret<Uint8Array>;
  /** Names the key without telling it. */
  fingerprint: string;
  /** Where a key service keeps it; null for a key that people keep. */
  kept: KeptRootKey | null;
}

const PREFIX = "egroot_";

/** A root key as people keep it: `egroot_` and 32 random bytes in base64url. */
export function generateRootKey(random: Random): Secret<string> {
  return secret(PREFIX + randomToken(random));
}

/** Null for anything but what `generateRootKey` makes; a passphrase is no key. */
export function parseRootKey(text: string): RootKey | null {
  // The last of 43 characters holds 4 bits: base64url has one spelling for a key, and no other is taken.
  const match = /^egroot_([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])$/.exec(text.trim());
  if (!match?.[1]) return null;
  return rootKeyOf(Buffer.from(match[1], "base64url"), null);
}

export function rootKeyOf(bytes: Uint8Array, kept: KeptRootKey | null): RootKey {
  return { bytes: secret(bytes), fingerprint: fingerprintOf(bytes), kept };
}

function fingerprintOf(bytes: Uint8Array): string {
  const derived = Buffer.from(hkdfSync("sha256", bytes, "", "evergrant.root-key-fingerprint.1", 32));
  return createHash("sha256").update(derived).digest("hex").slice(0, 16);
}
