import { existsSync } from "node:fs";
import type { AuditStore } from "../../access/audit.ts";
import type { Secret } from "../../runtime/secret.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { openDatabase } from "../../service/open-database.ts";
import { readSettings } from "../../service/settings.ts";
import { StartError } from "../../service/start-error.ts";
import { systemClock } from "../../service/system.ts";
import { createAuditStore } from "../../store/audit.ts";
import { openKnownKeyring } from "../open-keyring.ts";

/** The audit log of the database that the settings name, and what signs it. Throws `StartError`. */
export async function withAudit<T>(
  environment: NodeJS.ProcessEnv,
  work: (audit: AuditStore, key: Secret<Uint8Array>) => Promise<T>,
): Promise<T> {
  const settings = readSettings(environment);
  const { database: location } = settings;
  if (location.kind === "sqlite" && !existsSync(location.path)) {
    throw new StartError("database", `There is no database at ${location.path}. Check EVERGRANT_DATA_DIR.`);
  }
  const database = await openDatabase(location, systemClock).catch(startError);
  try {
    const key = await (await openKnownKeyring(settings, database)).derive("audit");
    return await work(createAuditStore(database, key), key).catch(startError);
  } finally {
    await database.close();
  }
}

function startError(error: unknown): never {
  throw error instanceof ServiceError ? new StartError("database", error.message) : error;
}
