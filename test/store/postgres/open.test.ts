import { sql } from "kysely";
import { Client } from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { secret } from "../../../src/runtime/secret.ts";
import { createKeyStore } from "../../../src/store/keys.ts";
import type { Database } from "../../../src/store/database.ts";
import { openPostgres } from "../../../src/store/postgres/open.ts";
import { openSqlite } from "../../../src/store/sqlite/open.ts";
import { administer } from "../../stage/postgres/administer.ts";
import { endBackends, untilBackend } from "../../stage/postgres/backends.ts";
import { postgresDatabase } from "../../stage/postgres/database.ts";
import { createManualClock } from "../../stage/manual-clock.ts";

async function open(url: string): Promise<Database> {
  const database = await openPostgres(secret(url));
  onTestFinished(() => database.close());
  return database;
}

async function value(database: Database, text: string): Promise<unknown> {
  const { rows } = await database.read((queries) =>
    sql.raw<{ value: unknown }>(`select ${text} as value`).execute(queries),
  );
  return rows[0]?.value;
}

describe("an empty database", () => {
  test("gets our tables, and keeps what is in them the next time", async () => {
    const url = await postgresDatabase("empty");
    const keys = createKeyStore(await open(url), () => "first");
    expect(await keys.instanceId()).toBe("first");
    expect(await createKeyStore(await open(url), () => "second").instanceId()).toBe("first");
  });

  test("has the same tables and columns as one of SQLite", async () => {
    const sqlite = await openSqlite(":memory:", createManualClock());
    onTestFinished(() => sqlite.close());
    const own = await columns(await open(await postgresDatabase("empty")));
    expect(own.length).toBeGreaterThan(80);
    expect(own).toEqual([...(await columns(sqlite)), ...(await computedColumns(sqlite))].toSorted());
  });

  test("is made once when many processes start on it, and has one name", async () => {
    const url = await postgresDatabase("empty");
    const databases = await Promise.all(Array.from({ length: 8 }, () => open(url)));
    const names = databases.map((database, index) => createKeyStore(database, () => `name ${index}`).instanceId());
    expect(new Set(await Promise.all(names)).size).toBe(1);
  });

  test("is brought up to date by one process at a time", async () => {
    const url = await postgresDatabase();
    const other = new Client(url);
    await other.connect();
    await other.query("begin; select id from kysely_migration_lock for update");
    const opening = open(url);
    await untilBackend(url, "wait_event_type = 'Lock'");
    await other.query("rollback");
    await other.end();
    expect(await value(await opening, "(select count(*) from tenants)")).toBe(1);
  });

  test("stays empty when the connection is lost before everything is made", async () => {
    const url = await postgresDatabase("empty");
    const other = new Client(url);
    await other.connect();
    // Another process has begun to make the same, so the opening one has to wait, and is ended while it does.
    await other.query("begin; create function eg_now() returns bigint language sql as 'select 1::bigint'");
    const opening = openPostgres(secret(url)).catch((error: unknown) => error);
    await endBackends(url, "wait_event_type = 'Lock'");
    expect(await opening).toMatchObject({ code: "store_unavailable" });
    await other.query("rollback");
    await other.end();
    expect(await administer(url, "select tablename from pg_tables where schemaname = 'public'")).toEqual([]);
    expect(await value(await open(url), "(select count(*) from tenants)")).toBe(1);
  });
});

/** `table.column` of all. */
/** SQLite does not list what it computes itself among a table's columns, unless it is asked for them. */
async function computedColumns(sqlite: Database): Promise<string[]> {
  const { rows } = await sqlite.read((queries) =>
    sql<{ name: string }>`select made.name || '.' || columns.name as name from sqlite_master as made,
      pragma_table_xinfo(made.name) as columns where made.type = 'table' and columns.hidden in (2, 3)`.execute(queries),
  );
  return rows.map(({ name }) => name);
}

async function columns(database: Database): Promise<string[]> {
  const tables = await database.read((queries) => queries.introspection.getTables());
  return tables.flatMap(({ name, columns: own }) => own.map((column) => `${name}.${column.name}`)).toSorted();
}

describe("values", () => {
  test("that are times, counts and sums are numbers; bytes come back as they were", async () => {
    const database = await open(await postgresDatabase());
    expect(await value(database, "1767225600123::bigint")).toBe(1767225600123);
    expect(await value(database, "(select count(*) from tenants)")).toBe(1);
    expect(await value(database, "(select sum(created_at * 0 + 2) from tenants)")).toBe(2);
    const keys = createKeyStore(database, () => "name");
    const sentinel = Uint8Array.from({ length: 256 }, (_, index) => index);
    await keys.addRootKey({ fingerprint: "f", sentinel, kept: null });
    expect((await keys.rootKeys())[0]?.sentinel).toEqual(Buffer.from(sentinel));
  });

  test("with a character that PostgreSQL cannot hold lose that character, not the record", async () => {
    const database = await open(await postgresDatabase());
    await createKeyStore(database, () => "a\0b").instanceId();
    expect(await createKeyStore(database, () => "other").instanceId()).toBe("a\u{FFFD}b");
  });

  test("eg_now() is the server's time in whole milliseconds, and goes on within a transaction", async () => {
    const database = await open(await postgresDatabase());
    const before = Date.now();
    const now = Number(await value(database, "eg_now()"));
    expect(Number.isInteger(now)).toBe(true);
    expect(now).toBeGreaterThanOrEqual(before - 1);
    expect(now).toBeLessThanOrEqual(Date.now());
    const later = await database.write(async (queries) => {
      const first = await sql<{ now: number }>`select eg_now() as now from pg_sleep(0.005)`.execute(queries);
      const second = await sql<{ now: number }>`select eg_now() as now`.execute(queries);
      return Number(second.rows[0]?.now) - Number(first.rows[0]?.now);
    });
    expect(later).toBeGreaterThanOrEqual(0);
  });

  test("eg_now() can be searched for in an index", async () => {
    const database = await open(await postgresDatabase());
    const plan = await database.write(async (queries) => {
      await sql`set local enable_seqscan = off`.execute(queries);
      return sql`explain select 1 from connect_sessions where expires_at < eg_now()`.execute(queries);
    });
    expect(JSON.stringify(plan.rows)).toMatch(/Index Cond: \(expires_at < eg_now\(\)\)/);
  });
});

describe("a database that is not ours to change", () => {
  test("because it belongs to another program is left alone", async () => {
    const url = await postgresDatabase("empty");
    await administer(url, "create table theirs (id integer)");
    await expect(openPostgres(secret(url))).rejects.toMatchObject({
      code: "store_unavailable",
      message: expect.stringContaining("belongs to another program"),
    });
    const tables = await administer(url, "select tablename from pg_tables where schemaname = 'public'");
    expect(tables).toEqual([{ tablename: "theirs" }]);
  });

  test("because of its later version is not opened", async () => {
    const url = await postgresDatabase();
    await administer(url, "insert into kysely_migration values ('9999-later', '2030-01-01')");
    await expect(openPostgres(secret(url))).rejects.toMatchObject({
      code: "store_unavailable",
      message: expect.stringContaining("another version"),
    });
  });

  test("but has a schema of its own for us takes our tables there", async () => {
    const url = new URL(await postgresDatabase("empty"));
    await administer(url.href, "create table theirs (id integer)");
    await administer(url.href, "create schema evergrant");
    url.searchParams.set("options", "-c search_path=evergrant");
    expect(await value(await open(url.href), "(select count(*) from tenants)")).toBe(1);
  });
});
