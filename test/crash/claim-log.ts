import { sql } from "kysely";
import type { SharedDatabase } from "./database.ts";

/** `owner` got the right to send the refresh token of `generation`; without an owner: that generation was stored. */
export interface LogEntry {
  at: number;
  connectionId: string;
  generation: number;
  owner: string | null;
}

/**
 * Has the database itself note every claim and every new token set, in the transaction that makes it: so it is known who was
 * about to send when a process was killed, whatever happened to the row afterwards.
 */
export async function startClaimLog({ kind, database }: SharedDatabase): Promise<void> {
  for (const statement of STATEMENTS[kind]) {
    await database.write(async (queries) => void (await sql.raw(statement).execute(queries)));
  }
}

/** Oldest first. */
export async function readClaimLog({ database }: SharedDatabase): Promise<LogEntry[]> {
  const query = sql<LogEntry>`select at, connection_id as "connectionId", generation, owner from proof_log order by id`;
  return database.read(async (queries) => (await query.execute(queries)).rows);
}

const COLUMNS = "at bigint not null, connection_id text not null, generation bigint not null, owner text";
const INSERT = "insert into proof_log (at, connection_id, generation, owner)";
const CLAIMED = "new.connection_id, new.attempt_generation, new.owner";
const STORED = "new.connection_id, new.generation, null";

const SQLITE_NOW = "cast(unixepoch('subsec') * 1000 as integer)";
const POSTGRES_NOW = "floor(extract(epoch from clock_timestamp()) * 1000)";

const STATEMENTS: Readonly<Record<SharedDatabase["kind"], readonly string[]>> = {
  sqlite: [
    `create table proof_log (id integer primary key, ${COLUMNS})`,
    `create trigger proof_claimed after update of epoch on refresh_leases
       begin ${INSERT} values (${SQLITE_NOW}, ${CLAIMED}); end`,
    `create trigger proof_stored after update of generation on token_sets
       begin ${INSERT} values (${SQLITE_NOW}, ${STORED}); end`,
  ],
  postgres: [
    `create table proof_log (id bigint generated always as identity primary key, ${COLUMNS})`,
    `create function proof_claimed() returns trigger language plpgsql as
       $$ begin ${INSERT} values (${POSTGRES_NOW}, ${CLAIMED}); return null; end $$`,
    `create function proof_stored() returns trigger language plpgsql as
       $$ begin ${INSERT} values (${POSTGRES_NOW}, ${STORED}); return null; end $$`,
    `create trigger proof_claimed after update of epoch on refresh_leases
       for each row execute function proof_claimed()`,
    `create trigger proof_stored after update of generation on token_sets
       for each row execute function proof_stored()`,
  ],
};
