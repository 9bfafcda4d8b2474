import { importJWK, SignJWT, type JWK, type JWTHeaderParameters, type JWTPayload } from "jose";
import { secret, type Secret } from "../runtime/secret.ts";

/** What is signed with here (RFC 7518 §3.1, RFC 8037 §3.1): no algorithm with a shared secret. */
export const SIGNING_ALGORITHMS = ["RS256", "PS256", "ES256", "EdDSA"] as const;

export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

export interface SigningKey {
  algorithm: SigningAlgorithm;
  /** `kid` (RFC 7515 §4.1.4). */
  keyId: string;
  /** The JSON of a private JSON Web Key (RFC 7517 §4). */
  privateJwk: Secret<string>;
}

/** A JWT of `claims`, signed (RFC 7519 §7.1). Times in them are seconds, as the caller's clock says. */
export async function signJwt(
  { algorithm, privateJwk }: SigningKey,
  header: Omit<JWTHeaderParameters, "alg">,
  claims: JWTPayload,
): Promise<Secret<string>> {
  const key = await importJWK(JSON.parse(privateJwk.reveal()), algorithm);
  return secret(await new SignJWT(claims).setProtectedHeader({ ...header, alg: algorithm }).sign(key));
}

/** The public key, with what whoever verifies has to know of it. */
export function publicJwkOf(key: SigningKey): JWK {
  return { ...publicPartOf(key), kid: key.keyId, alg: key.algorithm, use: "sig" };
}

/** What a private key shows to everybody (RFC 7517 §4, RFC 7518 §6): every other member of it is secret. */
export function publicPartOf({ privateJwk }: SigningKey): JWK {
  const whole: Record<string, unknown> = JSON.parse(privateJwk.reveal());
  return Object.fromEntries(PUBLIC_MEMBERS.filter((name) => name in whole).map((name) => [name, whole[name]]));
}

const PUBLIC_MEMBERS = ["kty", "crv", "x", "y", "n", "e"];
