import { copyFileSync, existsSync, mkdirSync, realpathSync, rmSync, chmodSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { relationOf, type Seen } from "../../refresh/restore-evidence.ts";
import type { Past } from "../../refresh/restores.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import { readSeen, writeSeen } from "../../service/restore-guard-file.ts";
import { readSettings, type Settings } from "../../service/settings.ts";
import { StartError } from "../../service/start-error.ts";
import { systemClock } from "../../service/system.ts";
import { openSqlite, translate } from "../../store/sqlite/open.ts";
import { damageOf, intoOneFile } from "../backup/copy-running.ts";
import { CommandFailure } from "../command-failure.ts";
import { startAdvice } from "../doctor/start-advice.ts";
import type { Output } from "../terminal/output.ts";
import { openKnownKeyring } from "../open-keyring.ts";
import { describeRestored } from "./describe-restored.ts";
import { pastOfFile } from "./known-past.ts";
import { markDatabase, type Marked } from "./mark-database.ts";
import { putInPlace } from "./put-in-place.ts";
import { refuseWhileRunning } from "./running.ts";

/** Puts a backup in the place of the SQLite database. Until the very end nothing is changed but a copy of the backup. */
export async function restoreFile(
  output: Output,
  environment: NodeJS.ProcessEnv,
  request: { file: string; asClone: boolean },
): Promise<void> {
  const settings = readSettings(environment);
  const path = sqlitePath(settings);
  const backup = backupPath(request.file, path);
  const replaced = await pastOfFile(path);
  await refuseWhileRunning(settings.dataDir, replaced);
  const seen = vouchedFor(await readSeen(settings.dataDir), replaced);
  const copy = `${path}.restoring`;
  try {
    copyBackup(backup, copy);
    const marked = await examine(copy, settings, { asClone: request.asClone, seen, replaced });
    const kept = putInPlace(copy, path);
    if (seen) await writeSeen(settings.dataDir, seen);
    const result = { database: path, kept, ...marked };
    output.result(result, () => describeRestored(result));
  } catch (error) {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(copy + suffix, { force: true });
    throw unusable(error);
  }
}

/** What SQLite and the file system say of the copy is about the backup. */
function unusable(error: unknown): unknown {
  const known = translate(error);
  if (!(known instanceof ServiceError)) return known;
  return new StartError(
    "database",
    `The backup cannot be used: ${startAdvice(known.message).found}. Nothing was changed.`,
  );
}

function sqlitePath({ database }: Settings): string {
  if (database.kind === "sqlite") return database.path;
  throw new CommandFailure({
    exit: "usage",
    code: "use_postgres_tools",
    detail: "The database is PostgreSQL, which this command does not restore.",
    next: "Restore it as docs/backup.md shows, and then run evergrant restore --mark.",
  });
}

function backupPath(file: string, path: string): string {
  const backup = resolve(file);
  const wrong = !existsSync(backup)
    ? `There is no file ${backup}.`
    : existsSync(path) && realpathSync(backup) === realpathSync(path)
      ? `${backup} is the database itself.`
      : null;
  if (wrong === null) return backup;
  throw new CommandFailure({
    exit: "usage",
    code: "usage",
    detail: wrong,
    next: "Name a file that evergrant backup wrote.",
  });
}

/** One sign of life may be too young to have been noted. After more than that, processes lived whose journals are elsewhere. */
function vouchedFor(seen: Seen | null, replaced: Past | null): Seen | null {
  if (seen === null || replaced === null || relationOf(seen, replaced) !== "same") return seen;
  return replaced.beats > seen.beats + 1 ? { ...seen, since: Math.max(seen.since, replaced.now) } : seen;
}

/** A copy that was not made by `evergrant backup` may have its last commits beside it. */
function copyBackup(backup: string, copy: string): void {
  mkdirSync(dirname(copy), { recursive: true, mode: 0o700 });
  for (const suffix of ["", "-wal"]) {
    rmSync(copy + suffix, { force: true });
    if (!existsSync(backup + suffix)) continue;
    copyFileSync(backup + suffix, copy + suffix);
    chmodSync(copy + suffix, 0o600);
  }
}

async function examine(
  copy: string,
  settings: Settings,
  request: { asClone: boolean; seen: Seen | null; replaced: Past | null },
): Promise<Marked> {
  const damage = damageOf(copy);
  if (damage !== null) throw new StartError("database", `The backup is damaged: ${damage}. Nothing was changed.`);
  const database = await openSqlite(copy, systemClock);
  try {
    const auditKey = await (await openKnownKeyring(settings, database)).derive("audit");
    return await markDatabase(database, { ...request, auditKey, dataDir: settings.dataDir, isFresh: true });
  } finally {
    await database.close();
    intoOneFile(copy);
  }
}
