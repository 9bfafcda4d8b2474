import { Kysely, SqliteDialect } from "kysely";
import type SQLite from "better-sqlite3";
import type { Database } from "../../src/store/database.ts";
import { migrate } from "../../src/store/migrate.ts";
import type { Schema } from "../../src/store/schema.ts";
import { sqliteDialect } from "../../src/store/sqlite/dialect.ts";
import { createRows, type Rows } from "./witness/rows.ts";
import { openDriver, withKeptStatements } from "../../src/store/sqlite/driver.ts";

/**
 * SQLite in memory, which can lose its last commits as a failover does. A commit is a savepoint within one transaction that
 * lasts as long as the run, so losing commits is rolling back to a savepoint, and the next run finds an empty database.
 */
export interface SimulatedDatabase {
  database: Database;
  begin(now: () => number): void;
  end(): void;
  /** What was committed until now has reached every replica. */
  replicate(): void;
  /** Loses up to `most` of the last commits and starts anew; says how many were lost. */
  failOver(most: number): number;
  incarnation(): number;
  /** Gives signs of life in the name of instances; false when one of them has to look what a failover lost. */
  touchHeartbeats(instances: readonly string[], at: number): boolean;
  rows: Rows;
}

/** Commits that can still be lost: what is older has reached every replica. */
const MOST_LOSABLE = 8;

/** Before a run begins. */
const beforeTime = (): number => 0;

export async function openSimulatedDatabase(): Promise<SimulatedDatabase> {
  const driver = openDriver(":memory:", {});
  let now = beforeTime;
  let incarnation = 1;
  driver.exec("pragma foreign_keys = ON");
  driver.function("eg_now", () => Math.floor(now()));
  driver.function("eg_incarnation", () => incarnation);
  const queries = new Kysely<Schema>({ dialect: new SqliteDialect({ database: withKeptStatements(driver) }) });
  await migrate(queries, sqliteDialect.columns);
  const commits = createCommits(driver);
  const database: Database = {
    dialect: sqliteDialect,
    read: (work) => work(queries),
    write: async (work) => {
      commits.open();
      try {
        const result = await work(queries);
        commits.keep();
        return result;
      } catch (error) {
        commits.undo(1);
        throw error;
      }
    },
    close: () => queries.destroy(),
  };
  const touch = driver.prepare(
    "update instances set heartbeat_at = ? where id = ? and verified_incarnation = ? and heartbeat_at >= eg_now() - 5000",
  );
  return {
    database,
    touchHeartbeats: (instances, at) => instances.every((id) => touch.run(at, id, incarnation).changes === 1),
    rows: createRows(driver),
    begin: (clock) => {
      now = clock;
      incarnation = 1;
      driver.exec("begin");
    },
    end: () => {
      driver.exec("rollback");
      commits.forget();
    },
    replicate: () => commits.settle(),
    failOver: (most) => {
      incarnation++;
      return commits.undo(most);
    },
    incarnation: () => incarnation,
  };
}

/** The last commits as savepoints in one another. */
function createCommits(driver: SQLite.Database) {
  const depths = Array.from({ length: MOST_LOSABLE + 1 }, (_, depth) => depth);
  const opening = depths.map((depth) => driver.prepare(`savepoint s${depth}`));
  const undoing = depths.map((depth) => driver.prepare(`rollback to s${depth}`));
  const keeping = depths.map((depth) => driver.prepare(`release s${depth}`));
  const changes = driver.prepare("select total_changes()").pluck();
  let depth = 0;
  let before: unknown;

  function settle(): void {
    if (depth > 0) keeping[0]?.run();
    depth = 0;
  }

  return {
    settle,
    open: () => {
      if (depth === MOST_LOSABLE) settle();
      opening[depth++]?.run();
      before = changes.get();
    },
    /** A transaction that wrote nothing is none to lose. */
    keep: () => {
      if (changes.get() === before) keeping[--depth]?.run();
    },
    undo: (most: number): number => {
      const undone = Math.min(most, depth);
      depth -= undone;
      if (undone > 0) {
        undoing[depth]?.run();
        keeping[depth]?.run();
      }
      return undone;
    },
    forget: () => {
      depth = 0;
    },
  };
}
