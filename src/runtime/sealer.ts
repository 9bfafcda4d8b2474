import type { Secret } from "./secret.ts";

/** Where a sealed value belongs. It is authenticated with the value, so that a record cannot be moved, swapped or rolled back. */
export interface SealAddress {
  tenantId: string;
  recordId: string;
  field:
    | "refresh_token"
    | "access_token"
    | "client_secret"
    | "dpop_key"
    | "webhook_secret"
    | "code_verifier"
    | "authorization_code"
    | "arrival"
    | "unreadable_answer"
    | "signing_secret";
  /** Counts the values this field has held; 0 for a field that is written once. */
  generation: number;
}

/** Encrypts and decrypts secrets at rest. All throw `ServiceError` `key_unavailable` when the key or the record cannot be used. */
export interface Sealer {
  seal(address: SealAddress, plaintext: Secret<string>): Promise<Uint8Array>;
  open(address: SealAddress, sealed: Uint8Array): Promise<Secret<string>>;
  /** Names a secret of a tenant: the same secret has the same name, and without the tenant's key the name tells nothing of it. */
  name(tenantId: string, plaintext: Secret<string>): Promise<string>;
}
