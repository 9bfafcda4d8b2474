import { existsSync } from "node:fs";
import type { KeyStore } from "../../access/key-store.ts";
import { openKeyring } from "../../keyring/keyring.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { loadRootKeys } from "../../service/load-root-keys.ts";
import type { Settings } from "../../service/settings.ts";
import { StartError } from "../../service/start-error.ts";
import { systemClock, systemRandom } from "../../service/system.ts";
import type { Database } from "../../store/database.ts";
import { createKeyStore } from "../../store/keys.ts";
import { fine, wrong, type Finding } from "./finding.ts";
import { startAdvice } from "./start-advice.ts";

const CHECK = "root key";

/** Whether the root key is there and opens what it sealed in this database at the first start. */
export async function checkRootKey(settings: Settings, database: Database): Promise<Finding> {
  try {
    return fine(CHECK, await prove(createKeyStore(database, unnamed), settings));
  } catch (error) {
    if (!(error instanceof StartError || error instanceof ServiceError)) throw error;
    const { found, next } = startAdvice(error.message);
    return wrong("key", CHECK, found, next);
  }
}

async function prove(keys: KeyStore, settings: Settings): Promise<string> {
  const { rootKey: source } = settings;
  const isNew = (await keys.rootKeys()).length === 0;
  if (isNew && source.kind === "generated" && !existsSync(source.path)) {
    return `${source.path} will be made at the first start`;
  }
  const roots = await loadRootKeys(settings, keys, systemRandom);
  const { fingerprint } = roots.primary;
  if (isNew) return `fingerprint ${fingerprint}; the first start seals the database with it`;
  await openKeyring({ keys, roots, random: systemRandom, clock: systemClock });
  return `fingerprint ${fingerprint}; it opens this database`;
}

/** A database that was sealed has its name, and one that was not is not asked for it. */
function unnamed(): never {
  throw new ServiceError("key_unavailable", "The database has root keys, but has lost its own id. Restore a backup.");
}
