import type { SigningAlgorithm } from "../oauth/signing-key.ts";
import type { ClientCertificate } from "../oauth/http.ts";
import type { Secret } from "../runtime/secret.ts";
import type { ClientKey } from "./client-key.ts";

export interface GivenKey {
  algorithm: SigningAlgorithm | undefined;
  /** PKCS #8 in PEM (RFC 5958, RFC 7468 §10). */
  privateKey: Secret<string>;
  /** X.509 in PEM, where the provider knows the key by its certificate. */
  certificate: string | null;
}

/** What came of keys that were given, and what everybody may see of it. */
export interface Checked<T> {
  value: T;
  /** A JSON Web Key, or a certificate in PEM. */
  shown: string;
  /** When the certificate ends; null where there is none. */
  expiresAt: number | null;
}

/** Makes and checks the keys that clients authenticate with. Throws `invalid_request`, in words that show nothing of a key. */
export interface ClientKeys {
  create(algorithm: SigningAlgorithm): Promise<Checked<ClientKey>>;
  check(given: GivenKey): Promise<Checked<ClientKey>>;
  checkCertificate(given: ClientCertificate): Checked<ClientCertificate>;
}
