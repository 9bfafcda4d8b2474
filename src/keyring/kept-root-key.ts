import type { KeyStore } from "../access/key-store.ts";
import type { Random } from "../runtime/random.ts";
import { sameSecret } from "../runtime/same-secret.ts";
import { secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { KeyService } from "./kms/key-service.ts";
import { rootKeyOf, type RootKey } from "./root-key.ts";

/**
 * The root key that a key service keeps for this database, or a new one that it has shown to give back. A new one is stored by
 * whoever proves it (`proveRootKeys`). Throws `key_unavailable`.
 */
export async function openKeptRootKey(service: KeyService, keys: KeyStore, random: Random): Promise<RootKey> {
  const context = `evergrant root key of ${await keys.instanceId()}`;
  const record = (await keys.rootKeys()).find(({ kept }) => kept?.by === service.name);
  if (record?.kept) return rootKeyOf((await service.decrypt(record.kept.wrapped, context)).reveal(), record.kept);
  const bytes = random.bytes(32);
  const wrapped = await service.encrypt(secret(bytes), context);
  const again = (await service.decrypt(wrapped, context)).reveal();
  if (sameSecret(textOf(again), textOf(bytes))) {
    return rootKeyOf(bytes, { by: service.name, wrapped });
  }
  throw new ServiceError("key_unavailable", "The key service does not give back what it has encrypted.");
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
