import { calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";
import { secret } from "../runtime/secret.ts";
import type { SigningAlgorithm, SigningKey } from "../oauth/signing-key.ts";

/** NIST SP 800-57 part 1, table 2: as strong as 128 bits, and still good after 2030. */
const RSA_BITS = 3072;

/** A new pair of keys, named by its thumbprint (RFC 7638), so that no two keys of a client have one name. */
export async function createSigningKey(algorithm: SigningAlgorithm): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true, modulusLength: RSA_BITS });
  const keyId = await calculateJwkThumbprint(await exportJWK(publicKey), "sha256");
  return { algorithm, keyId, privateJwk: secret(JSON.stringify(await exportJWK(privateKey))) };
}
