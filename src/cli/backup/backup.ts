import { closeSync, existsSync, openSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { ServiceError } from "../../runtime/service-error.ts";
import { whereIs } from "../../service/load-root-keys.ts";
import { readSettings, type Settings } from "../../service/settings.ts";
import { StartError } from "../../service/start-error.ts";
import { systemClock } from "../../service/system.ts";
import type { Database } from "../../store/database.ts";
import { openSqlite, translate } from "../../store/sqlite/open.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Output } from "../terminal/output.ts";
import { copyRunning, damageOf, intoOneFile } from "./copy-running.ts";
import { moveDurably } from "./durably.ts";
import { proveRootKey } from "./prove-root-key.ts";

interface Backup {
  file: string;
  taken_at: string;
  bytes: number;
  connections: number;
  root_key: { fingerprint: string; where: string };
}

/** Copies the SQLite database to a new file, which is whole and checked, or not there. */
export async function backup(output: Output, environment: NodeJS.ProcessEnv, file: string): Promise<void> {
  const settings = readSettings(environment);
  const target = resolve(file);
  const from = sqlitePath(settings);
  reserve(target);
  const partial = `${target}.partial`;
  try {
    const made = await copy({ from, partial, settings });
    moveDurably(partial, target);
    const result = { file: target, bytes: statSync(target).size, ...made };
    output.result(result, () => describe(result));
  } catch (error) {
    for (const path of [partial, `${partial}-wal`, `${partial}-shm`, target]) rmSync(path, { force: true });
    const known = translate(error);
    throw known instanceof ServiceError ? new StartError("database", known.message) : known;
  }
}

function sqlitePath({ database }: Settings): string {
  if (database.kind === "postgres") {
    throw new CommandFailure({
      exit: "failed",
      code: "use_postgres_tools",
      detail: "The database is PostgreSQL, which this command does not copy.",
      next: "Use pg_basebackup with WAL archiving, or pg_dump; docs/backup.md shows how, and what to do after a restore.",
    });
  }
  if (!existsSync(database.path)) {
    throw new StartError("database", `There is no database at ${database.path}. Check EVERGRANT_DATA_DIR.`);
  }
  return database.path;
}

/** Makes the file, so that nothing is ever overwritten. */
function reserve(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
    const exists = code === "EEXIST";
    throw new CommandFailure({
      exit: "usage",
      code: exists ? "file_exists" : "file_not_writable",
      detail: exists ? `${path} is there already.` : `${path} cannot be made (${code}).`,
      next: exists
        ? "Name a new file: a backup never overwrites another."
        : "Name a file in a folder that exists and can be written.",
    });
  }
}

async function copy({ from, partial, settings }: { from: string; partial: string; settings: Settings }) {
  // Before the copy begins, so that it is never taken for younger than it is.
  const takenAt = Math.floor(systemClock.now());
  rmSync(partial, { force: true });
  closeSync(openSync(partial, "wx", 0o600));
  copyRunning(from, partial);
  const damage = damageOf(partial);
  if (damage !== null) throw new StartError("database", `The copy is damaged, and so is the database: ${damage}.`);
  const database = await openSqlite(partial, systemClock);
  try {
    const fingerprint = await proveRootKey(settings, database);
    const connections = await sign(database, takenAt);
    const proven = { fingerprint, where: whereIs(settings.rootKey) };
    return { taken_at: new Date(takenAt).toISOString(), connections, root_key: proven };
  } finally {
    await database.close();
    intoOneFile(partial);
  }
}

/** Notes in the copy when it was made. Returns how many connections are in it. */
function sign(database: Database, takenAt: number): Promise<number> {
  return database.write(async (queries) => {
    await queries.updateTable("installation").set({ backup_taken_at: takenAt }).execute();
    const { count } = await queries
      .selectFrom("connections")
      .select((select) => select.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    return count;
  });
}

function describe({ file, bytes, taken_at: takenAt, connections, root_key: key }: Backup): string {
  return [
    `Copied ${connections} connections to ${file} (${Math.ceil(bytes / 1024)} KiB), as of ${takenAt}.`,
    `The root key (fingerprint ${key.fingerprint}) is not in it, and nothing in it can be opened without: keep a copy of what is in ${key.where}, apart from the backup.`,
  ].join("\n");
}
