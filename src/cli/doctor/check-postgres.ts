import { sql } from "kysely";
import type { Secret } from "../../runtime/secret.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import type { Database } from "../../store/database.ts";
import { addressOf, isOpenToOthers } from "../../store/postgres/address.ts";
import { isForeign, tableNames } from "../../store/postgres/tables.ts";
import { checkDatabaseClock } from "./check-clock.ts";
import type { CheckedDatabase } from "./check-database.ts";
import { emptyDatabase } from "./empty-database.ts";
import { fine, warning, wrong, type Finding } from "./finding.ts";
import { openPostgresReadOnly } from "./read-only-postgres.ts";
import { startAdvice } from "./start-advice.ts";

const CHECK = "database";

/** What the server says about itself and about us. */
interface Facts {
  version: number;
  version_text: string;
  standby: boolean;
  read_only: boolean;
  fsync: boolean;
  /** May make tables; null when there is no schema to make them in. */
  creates: boolean | null;
  /** May write to all tables; null when there is none. */
  writes: boolean | null;
  /** Row-level security is of no account to it. */
  bypasses: boolean;
  now: number;
}

const ASK = sql<Facts>`select
  current_setting('server_version_num')::int as version,
  current_setting('server_version') as version_text,
  pg_is_in_recovery() as standby,
  current_setting('default_transaction_read_only') = 'on' as read_only,
  current_setting('fsync') = 'on' as fsync,
  has_schema_privilege(current_schema(), 'create') as creates,
  (select bool_and(has_table_privilege(format('%I.%I', schemaname, tablename), 'update'))
    from pg_catalog.pg_tables where schemaname = current_schema()) as writes,
  (select rolsuper or rolbypassrls from pg_catalog.pg_roles where rolname = current_user) as bypasses,
  floor(extract(epoch from clock_timestamp()) * 1000)::bigint as now`;

/** Reads the database as it is; makes and changes nothing. */
export async function checkPostgres(url: Secret<string>): Promise<CheckedDatabase> {
  const address = addressOf(url);
  const database = openPostgresReadOnly(url);
  try {
    return await inspect(address, url, database);
  } catch (error) {
    await database.close();
    if (!(error instanceof ServiceError)) throw error;
    const { found, next } = startAdvice(error.message);
    return { findings: [bad(`${address}: ${found}`, next)], value: null };
  }
}

async function inspect(address: string, url: Secret<string>, database: Database): Promise<CheckedDatabase> {
  const askedAt = Date.now();
  const { rows } = await database.read((queries) => ASK.execute(queries));
  const [facts] = rows;
  if (!facts)
    throw new ServiceError("store_unavailable", "PostgreSQL says nothing about itself. Check what it really is.");
  const ahead = (askedAt + Date.now()) / 2 - facts.now;
  const tables = await database.read(tableNames);
  const findings = [judge(address, facts, tables), ...advice(address, url, facts), ...checkDatabaseClock(ahead)];
  if (tables.length > 0 && !isForeign(tables)) return { findings, value: database };
  await database.close();
  return { findings, value: tables.length === 0 ? await emptyDatabase() : null };
}

function judge(address: string, facts: Facts, tables: readonly string[]): Finding {
  const server = `${address} (PostgreSQL ${facts.version_text})`;
  if (isForeign(tables)) {
    return bad(`${server} belongs to another program`, "Give Evergrant a database, or a schema, of its own.");
  }
  if (facts.standby || facts.read_only) {
    const why = facts.standby ? "it is a standby" : "it is set to be read-only";
    return bad(`${server} takes no writes: ${why}`, "Point EVERGRANT_DATABASE_URL at the primary.");
  }
  if (!(tables.length === 0 ? facts.creates : facts.writes)) {
    const what = tables.length === 0 ? "make tables" : "write to all tables";
    return bad(`${server} does not let this user ${what}`, "Make the user the owner of the database.");
  }
  if (tables.length === 0) return fine(CHECK, `${server} is empty; the first start makes its tables`);
  return fine(CHECK, `${server} takes reads and writes`);
}

function advice(address: string, url: Secret<string>, { version, fsync, bypasses }: Facts): Finding[] {
  const findings: Finding[] = [];
  if (version < 140_000) {
    findings.push(warning(CHECK, `${address} is older than PostgreSQL 14`, "Move to a version that still gets fixes."));
  }
  if (!fsync) {
    const next = "Switch fsync on: a rotated refresh token exists nowhere else.";
    findings.push(warning(CHECK, `${address} may lose everything when its machine loses power`, next));
  }
  if (bypasses) {
    const next = "Give Evergrant a user that is neither: what keeps tenants apart in PostgreSQL stops no such user.";
    findings.push(warning(CHECK, `the user at ${address} is a superuser, or has BYPASSRLS`, next));
  }
  if (isOpenToOthers(url)) {
    const next = "Add sslmode=verify-full to EVERGRANT_DATABASE_URL.";
    findings.push(warning(CHECK, `the connection to ${address} is not encrypted`, next));
  }
  return findings;
}

function bad(found: string, next: string): Finding {
  return wrong("database", CHECK, found, next);
}
