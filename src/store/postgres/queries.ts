import { Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler, sql } from "kysely";
import type { MigrationLockOptions } from "kysely";
import type { Queries } from "../database.ts";
import type { Schema } from "../schema.ts";
import type { Pool } from "./pool.ts";
import type { Session } from "./session.ts";

/** Each statement by itself, on any connection. */
export function queriesOf(pool: Pool): Queries {
  return queriesOver(
    () => pool.connect(),
    (session) => session.release(),
  );
}

/** All statements on one connection, which stays the caller's. */
export function queriesOn(session: Session): Queries {
  return queriesOver(
    () => Promise.resolve(session),
    () => undefined,
  );
}

function queriesOver(acquire: () => Promise<Session>, release: (session: Session) => void): Queries {
  return new Kysely<Schema>({
    dialect: {
      createAdapter: () => new RowLockAdapter(),
      createDriver: () => ({
        init: nothing,
        acquireConnection: acquire,
        releaseConnection: (session: Session) => Promise.resolve(release(session)),
        beginTransaction: ownTransaction,
        commitTransaction: ownTransaction,
        rollbackTransaction: ownTransaction,
        destroy: nothing,
      }),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
}

/** Migrations of two processes that start at once take turns by a row, because an advisory lock is a session's. */
class RowLockAdapter extends PostgresAdapter {
  override async acquireMigrationLock(
    db: Kysely<unknown>,
    { lockTable, lockRowId }: MigrationLockOptions,
  ): Promise<void> {
    await sql`select id from ${sql.table(lockTable)} where id = ${lockRowId} for update`.execute(db);
  }

  override releaseMigrationLock(): Promise<void> {
    return nothing();
  }
}

function nothing(): Promise<void> {
  return Promise.resolve();
}

function ownTransaction(): never {
  throw new Error("A transaction is begun by Database.write.");
}
