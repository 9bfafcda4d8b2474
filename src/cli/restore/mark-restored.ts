import { existsSync } from "node:fs";
import { ServiceError } from "../../runtime/service-error.ts";
import { openDatabase } from "../../service/open-database.ts";
import { readSeen } from "../../service/restore-guard-file.ts";
import { readSettings, type Settings } from "../../service/settings.ts";
import { StartError } from "../../service/start-error.ts";
import { systemClock } from "../../service/system.ts";
import { addressOf } from "../../store/postgres/address.ts";
import { createRestoreStore } from "../../store/restores.ts";
import { CommandFailure } from "../command-failure.ts";
import { openKnownKeyring } from "../open-keyring.ts";
import { confirm } from "../terminal/confirm.ts";
import type { Output } from "../terminal/output.ts";
import { describeRestored } from "./describe-restored.ts";
import { lockAlone } from "./lock-alone.ts";
import { markDatabase } from "./mark-database.ts";
import { refuseWhileRunning } from "./running.ts";

/** Marks the database of the settings, which was restored by other means. */
export async function markRestored(
  output: Output,
  environment: NodeJS.ProcessEnv,
  { asClone, yes }: { asClone: boolean; yes: boolean },
): Promise<void> {
  const settings = readSettings(environment);
  const where = placeOf(settings);
  if (asClone && !yes) await askFirst(where);
  try {
    const marked = await mark(settings, asClone);
    const result = { database: where, kept: null, ...marked };
    output.result(result, () => describeRestored(result));
  } catch (error) {
    throw error instanceof ServiceError ? new StartError("database", error.message) : error;
  }
}

async function mark(settings: Settings, asClone: boolean) {
  const { database: location, dataDir } = settings;
  if (location.kind === "sqlite") lockAlone(location.path)?.close();
  const database = await openDatabase(location, systemClock);
  try {
    const auditKey = await (await openKnownKeyring(settings, database)).derive("audit");
    // In a file that was put back, who lived at the time of the copy says nothing; the lock has.
    const past = location.kind === "sqlite" ? null : await createRestoreStore(database).past();
    await refuseWhileRunning(dataDir, past);
    const seen = await readSeen(dataDir);
    return await markDatabase(database, { auditKey, asClone, dataDir, seen, replaced: null, isFresh: false });
  } finally {
    await database.close();
  }
}

function placeOf({ database }: Settings): string {
  if (database.kind === "postgres") return addressOf(database.url);
  if (existsSync(database.path)) return database.path;
  throw new StartError("database", `There is no database at ${database.path}. Check EVERGRANT_DATABASE_URL.`);
}

async function askFirst(where: string): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw notDone(
      "usage",
      "usage",
      "Nobody can be asked here, as this is no terminal.",
      "Add --yes to make the clone.",
    );
  }
  const question = `Delete the refresh tokens that only the original can use from ${where}, for good?`;
  if (!(await confirm(question, { input: process.stdin, output: process.stderr }))) {
    throw notDone("failed", "cancelled", "Nothing was changed.");
  }
}

function notDone(exit: "usage" | "failed", code: string, detail: string, next?: string): CommandFailure {
  return new CommandFailure({ exit, code, detail, next });
}
