import { openKeyring, type Keyring } from "../keyring/keyring.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { loadRootKeys } from "../service/load-root-keys.ts";
import type { Settings } from "../service/settings.ts";
import { StartError } from "../service/start-error.ts";
import { systemClock, systemRandom } from "../service/system.ts";
import type { Database } from "../store/database.ts";
import { createKeyStore } from "../store/keys.ts";

/** The keys of a database that a service was started on. Throws `StartError` when the root key at hand does not open them. */
export async function openKnownKeyring(
  settings: Pick<Settings, "rootKey" | "oldRootKeys" | "transit">,
  database: Database,
): Promise<Keyring> {
  const keys = createKeyStore(database, unnamed);
  if ((await keys.rootKeys()).length === 0) throw new StartError("database", NEVER_STARTED);
  const roots = await loadRootKeys(settings, keys, systemRandom);
  return openKeyring({ keys, roots, random: systemRandom, clock: systemClock }).catch((error: unknown) => {
    throw error instanceof ServiceError ? new StartError("key", error.message) : error;
  });
}

const NEVER_STARTED = "Nothing is sealed in this database: no service has ever been started on it.";

function unnamed(): never {
  throw new StartError("database", "The database has root keys, but has lost its own id. Take another copy of it.");
}
