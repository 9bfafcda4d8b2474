import { sql } from "kysely";
import type { Secret } from "../../runtime/secret.ts";
import type { Database, OpenedDatabase } from "../database.ts";
import { postgresDialect } from "./dialect.ts";
import { translate } from "./driver-error.ts";
import { migratePostgres } from "./migrate.ts";
import { createPool, type Pool, type PoolOptions } from "./pool.ts";
import { queriesOf } from "./queries.ts";
import { onlyFor } from "./tenant-wall.ts";
import { inTransaction } from "./transaction.ts";

const DEFAULTS: PoolOptions = { maxConnections: 10, connectWithinMs: 5_000, answerWithinMs: 10_000 };

/** Migrations may rewrite large tables, and wait for those of other processes. */
const MIGRATED_WITHIN_MS = 15 * 60_000;

/** Opens a PostgreSQL database, or makes our tables in an empty one, and brings its schema up to date. */
export async function openPostgres(url: Secret<string>, options: Partial<PoolOptions> = {}): Promise<OpenedDatabase> {
  const { answerWithinMs, ...rest } = { ...DEFAULTS, ...options };
  const pool = createPool(url, { answerWithinMs, ...rest });
  const queries = queriesOf(pool);
  try {
    const durably = await guarded(() => commitsDurably(pool));
    const begin = (withinMs: number) => `${beginning(withinMs)}${durably ? "" : "; set local synchronous_commit = on"}`;
    await guarded(() =>
      migratePostgres((work) => inTransaction(() => pool.connect(MIGRATED_WITHIN_MS), begin(MIGRATED_WITHIN_MS), work)),
    );
    const usual = begin(answerWithinMs);
    const transact =
      (first: string): Database["write"] =>
      (work) =>
        guarded(() => inTransaction(() => pool.connect(), first, work));
    const database: Database = {
      dialect: postgresDialect,
      read: (work) => guarded(() => work(queries)),
      write: transact(usual),
      close: () => pool.end(),
    };
    return {
      ...database,
      forTenant: (tenantId) => {
        const own = transact(`${usual}; ${onlyFor(tenantId)}`);
        return { ...database, read: own, write: own };
      },
    };
  } catch (error) {
    await pool.end();
    throw error;
  }
}

/**
 * Limits how long a transaction keeps its locks when this process stops in the middle of it, or its network does: `local`, because
 * the connection may be somebody else's next. The server gives up on a statement before we give up on its answer, so that the
 * outcome is known where it can be. The isolation is named because a server may have another default.
 */
function beginning(withinMs: number): string {
  return `begin isolation level read committed;
    set local statement_timeout = ${Math.floor(withinMs * 0.9)};
    set local idle_in_transaction_session_timeout = ${withinMs}`;
}

/** Whether a commit is on disk when the server says so. Where it is switched off, each transaction switches it on. */
async function commitsDurably(pool: Pool): Promise<boolean> {
  const query = sql<{ setting: string }>`select current_setting('synchronous_commit') as setting`;
  const { rows } = await query.execute(queriesOf(pool));
  return rows[0]?.setting !== "off";
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw translate(error);
  }
}
