import { existsSync } from "node:fs";
import type { KeyStore } from "../../access/store.ts";
import { openKeyring } from "../../keyring/keyring.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { loadRootKey } from "../../service/root-key-file.ts";
import type { Settings } from "../../service/settings.ts";
import { StartError } from "../../service/start-error.ts";
import { systemRandom } from "../../service/system.ts";
import type { Database } from "../../store/database.ts";
import { createKeyStore } from "../../store/keys.ts";
import { fine, wrong, type Finding } from "./finding.ts";
import { startAdvice } from "./start-advice.ts";

const CHECK = "root key";

/** Whether the root key is there and opens what it sealed in this database at the first start. */
export async function checkRootKey({ rootKey: source }: Settings, database: Database): Promise<Finding> {
  try {
    return fine(CHECK, await prove(createKeyStore(database, unnamed), source));
  } catch (error) {
    if (!(error instanceof StartError || error instanceof ServiceError)) throw error;
    const { found, next } = startAdvice(error.message);
    return wrong("key", CHECK, found, next);
  }
}

async function prove(keys: KeyStore, source: Settings["rootKey"]): Promise<string> {
  const isNew = (await keys.rootKeys()).length === 0;
  if (isNew && source.kind === "generated" && !existsSync(source.path)) {
    return `${source.path} will be made at the first start`;
  }
  const root = await loadRootKey(source, keys, systemRandom);
  if (isNew) return `fingerprint ${root.fingerprint}; the first start seals the database with it`;
  await openKeyring(keys, root, systemRandom);
  return `fingerprint ${root.fingerprint}; it opens this database`;
}

/** A database that was sealed has its name, and one that was not is not asked for it. */
function unnamed(): never {
  throw new ServiceError("key_unavailable", "The database has root keys, but has lost its own id. Restore a backup.");
}
