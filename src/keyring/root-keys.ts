import type { KeyStore } from "../access/key-store.ts";
import type { Random } from "../runtime/random.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { sentinelAad } from "./aad.ts";
import { openRecord, sealRecord, type RecordKey } from "./record.ts";
import type { RootKey } from "./root-key.ts";

/** The root keys at hand: the one that wraps, and others that only open what they wrapped before. */
export interface RootKeys {
  primary: RootKey;
  others: readonly RootKey[];
}

/** Root keys wrap with version 0, because their fingerprint names them. */
const ROOT_VERSION = 0;
const SENTINEL = Buffer.from("evergrant");

export function recordKeyOf(root: RootKey): RecordKey {
  return { bytes: root.bytes.reveal(), version: ROOT_VERSION };
}

export function findRootKey({ primary, others }: RootKeys, fingerprint: string): RootKey | undefined {
  return [primary, ...others].find((root) => root.fingerprint === fingerprint);
}

/**
 * Proves each root key that this database knows by the known text that it sealed, and makes a new primary one known: in a new
 * database, or where a known one is at hand beside it. Throws `key_unavailable` when none of them belongs to this database.
 */
export async function proveRootKeys(
  keys: KeyStore,
  roots: RootKeys,
  { instanceId, random }: { instanceId: string; random: Random },
): Promise<void> {
  const known = await keys.rootKeys();
  const proven = known.filter(({ fingerprint, sentinel }) => {
    const root = findRootKey(roots, fingerprint);
    const opened = root && openRecord(recordKeyOf(root), sentinelAad(instanceId), sentinel);
    return opened instanceof Uint8Array && SENTINEL.equals(opened);
  });
  const { primary } = roots;
  if (known.length > 0 && proven.length === 0) throw isAnother(primary, known);
  if (proven.some(({ fingerprint }) => fingerprint === primary.fingerprint)) return;
  if (known.some(({ fingerprint }) => fingerprint === primary.fingerprint)) throw isAnother(primary, known);
  const sentinel = sealRecord(recordKeyOf(primary), sentinelAad(instanceId), SENTINEL, random);
  await keys.addRootKey({ fingerprint: primary.fingerprint, sentinel, kept: primary.kept });
  if (primary.kept) await proveFirst(keys, primary);
}

/** Of several processes that have a key service make a root key at once, the others have to take the first one's. */
async function proveFirst(keys: KeyStore, { kept, fingerprint }: RootKey): Promise<void> {
  const first = (await keys.rootKeys()).find((record) => record.kept?.by === kept?.by);
  if (first?.fingerprint === fingerprint) return;
  throw new ServiceError("key_unavailable", "Another process has made a root key at the same moment. Start again.");
}

function isAnother({ fingerprint }: RootKey, known: readonly { fingerprint: string }[]): ServiceError {
  const names = known.map((record) => record.fingerprint).join(", ");
  return new ServiceError(
    "key_unavailable",
    `This root key (fingerprint ${fingerprint}) is not the one that sealed this database (${names}). Supply that one.`,
  );
}
