import type { Settings } from "../../service/settings.ts";
import type { Database } from "../../store/database.ts";
import { openKnownKeyring } from "../open-keyring.ts";

/** The fingerprint of the root key at hand. Throws `StartError` when it does not open what is sealed in the database. */
export async function proveRootKey(
  settings: Pick<Settings, "rootKey" | "oldRootKeys" | "transit">,
  database: Database,
): Promise<string> {
  return (await openKnownKeyring(settings, database)).rootFingerprint;
}
