import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { calculateJwkThumbprint } from "jose";
import type { z } from "zod";
import { recipientSchema } from "../../api/export-view.ts";
import { CommandFailure } from "../command-failure.ts";
import { parseJson } from "../service/parse-json.ts";

type RecipientKey = z.infer<typeof recipientSchema>;

/** A new pair for X25519: the private key as PEM (PKCS #8), the public one as a JWK (RFC 8037). */
export function newRecipientKey(): { privateKey: string; publicKey: RecipientKey } {
  const { privateKey, publicKey } = generateKeyPairSync("x25519");
  return {
    privateKey: String(privateKey.export({ type: "pkcs8", format: "pem" })),
    publicKey: recipientSchema.parse(publicKey.export({ format: "jwk" })),
  };
}

/** The public key in a file, as a JWK or PEM. Throws `CommandFailure`; a private key is refused, as it should not be here. */
export function readPublicKey(path: string): RecipientKey {
  const text = read(path);
  const jwk = parseJson(text) ?? jwkOfPem(text);
  const found = recipientSchema.safeParse(jwk);
  if (found.success) return found.data;
  throw unusable(
    `${path} holds no public key for X25519.`,
    "It has to be a JWK or PEM, as evergrant export new-key prints.",
  );
}

function jwkOfPem(text: string): unknown {
  if (text.includes("PRIVATE KEY")) return null;
  try {
    return createPublicKey(text).export({ format: "jwk" });
  } catch {
    return null;
  }
}

/** The private key in a file of `evergrant export new-key`. Throws `CommandFailure`. */
export function readPrivateKey(path: string): KeyObject {
  const text = read(path);
  try {
    const key = createPrivateKey(text);
    if (key.asymmetricKeyType === "x25519") return key;
  } catch {
    // Said below, and nothing of the key with it.
  }
  throw unusable(`${path} holds no private key for X25519.`, "Name the file that evergrant export new-key has made.");
}

/** What people compare (RFC 7638). */
export function fingerprintOf(key: RecipientKey): Promise<string> {
  return calculateJwkThumbprint(key);
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw unusable(`${path} cannot be read.`, "Name the file of a key.");
  }
}

function unusable(detail: string, next: string): CommandFailure {
  return new CommandFailure({ exit: "usage", code: "usage", detail, next });
}
