import type { SealAddress, Sealer } from "../../src/runtime/sealer.ts";
import { secret } from "../../src/runtime/secret.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";

/** Seals nothing, so that the witness can read what is stored; but a record that was moved does not open, as with the real one. */
export function createTransparentSealer(): Sealer {
  let sealed = 0;
  return {
    // Each sealing has its own bytes, as a salt would make them.
    seal: (address, plaintext) => Promise.resolve(Buffer.from(`${textOf(address)}|${++sealed}|${plaintext.reveal()}`)),
    name: (_tenantId, plaintext) => Promise.resolve(plaintext.reveal()),
    open: (address, bytes) => {
      const text = Buffer.from(bytes).toString();
      if (!text.startsWith(`${textOf(address)}|`)) {
        return Promise.reject(new ServiceError("key_unavailable", `${text} does not belong at ${textOf(address)}.`));
      }
      return Promise.resolve(secret(plaintextOf(bytes)));
    },
  };
}

function textOf({ tenantId, recordId, field, generation }: SealAddress): string {
  return `${tenantId} ${recordId} ${field} ${generation}`;
}

/** What was sealed. */
export function plaintextOf(sealed: Uint8Array): string {
  return Buffer.from(sealed).toString().split("|").at(-1) ?? "";
}
