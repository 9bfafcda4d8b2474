import { sql } from "kysely";
import { describe, expect, onTestFinished, test } from "vitest";
import { secret } from "../../../src/runtime/secret.ts";
import { createApiKeyStore } from "../../../src/store/api-keys.ts";
import { createClientStore } from "../../../src/store/clients.ts";
import { createConnectSessionStore } from "../../../src/store/connect-sessions.ts";
import { createConnectionStore } from "../../../src/store/connections.ts";
import type { Database, OpenedDatabase, Queries } from "../../../src/store/database.ts";
import { openPostgres } from "../../../src/store/postgres/open.ts";
import { administer } from "../../stage/postgres/administer.ts";
import { postgresDatabase } from "../../stage/postgres/database.ts";
import { fillTables, OWN_COLUMNS, tablesOf, type Table } from "./filled-tables.ts";

/** The tables that have no wall, and why. */
const OF_NOBODY: Readonly<Record<string, string>> = {
  installation: "one row, about the database itself",
  root_keys: "fingerprints of keys that wrap those of all tenants",
  providers: "the catalogue is everybody's",
  operator_sign_ins: "attempts of operators, which are of no tenant",
  instances: "processes, which serve everybody",
  incident_looks: "whose turn it is to look after incidents",
  kysely_migration: "what was done to the schema",
  kysely_migration_lock: "who does it",
};

const TENANTS = ["ten_a", "ten_b"] as const;

/** A database with one row of each tenant in every table that has a wall. */
async function open() {
  const url = await postgresDatabase();
  const database = await openPostgres(secret(url), { maxConnections: 1 });
  onTestFinished(() => database.close());
  const tables = (await tablesOf(database)).filter(({ name }) => OF_NOBODY[name] === undefined);
  for (const tenant of TENANTS) await fillTables(database, tables, tenant);
  return { url, database, tables, a: database.forTenant("ten_a") };
}

async function rowsOf(database: Database, { name }: Table): Promise<unknown[]> {
  const query = sql`select * from ${sql.table(name)} order by 1, 2, 3`;
  return (await database.read((queries) => query.execute(queries))).rows;
}

/** What a statement changed, or that it was refused. */
async function outcomeOf(database: Database, statement: (queries: Queries) => Promise<unknown>): Promise<unknown> {
  return database.write(statement).catch((error: unknown) => String(error));
}

const REFUSED = /new row violates row-level security policy/;

describe("every table", () => {
  test("has a wall that holds for its owner too, or a reason to have none", async () => {
    const { url, database } = await open();
    const walls = await administer(
      url,
      `select relname as name, relrowsecurity as enabled, relforcerowsecurity as forced, array(
          select concat_ws(' ', polname, polcmd, polpermissive, polroles::text,
            pg_get_expr(polqual, polrelid) like '%evergrant.tenant%', pg_get_expr(polwithcheck, polrelid))
          from pg_policy where polrelid = pg_class.oid) as policies
        from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
        and relname <> all ($1) order by relname`,
      [Object.keys(OF_NOBODY)],
    );
    const names = (await tablesOf(database)).map(({ name }) => name);
    const wanted = names.filter((name) => OF_NOBODY[name] === undefined);
    expect(wanted.length).toBeGreaterThan(15);
    expect(walls).toEqual(
      wanted.map((name) => ({ name, enabled: true, forced: true, policies: ["tenant * t {0} t"] })),
    );
    expect(Object.keys(OF_NOBODY).filter((name) => !names.includes(name))).toEqual([]);
  });

  test("without a wall says nothing of a tenant, a client or a connection", async () => {
    const { database } = await open();
    const unwalled = (await tablesOf(database)).filter(({ name }) => OF_NOBODY[name] !== undefined);
    const columns = unwalled.flatMap((table) => table.columns.map(({ name }) => name));
    expect(columns.filter((name) => OWN_COLUMNS.some((own) => own === name))).toEqual([]);
  });
});

describe("a transaction for one tenant", () => {
  test("reads its own row of every table, and no other", async () => {
    const { database, tables } = await open();
    for (const table of tables) {
      const all = await rowsOf(database, table);
      expect([table.name, all.length]).toEqual([table.name, table.name === "tenants" ? 3 : 2]);
      // Over one connection, in which the server may have kept a plan.
      for (const tenant of TENANTS) {
        const own = await rowsOf(database.forTenant(tenant), table);
        const text = JSON.stringify(own);
        expect([table.name, own.length]).toEqual([table.name, 1]);
        expect([table.name, TENANTS.filter((each) => text.includes(each))]).toEqual([table.name, [tenant]]);
      }
    }
  });

  test("changes no row of another, deletes none, makes none, and gives none of its own away", async () => {
    const { database, tables, a } = await open();
    const before = await Promise.all(tables.map((table) => rowsOf(database, table)));
    for (const { name, owner, isAppendOnly } of tables) {
      const table = sql.table(name);
      const column = sql.ref(owner);
      const others = sql`${column} like '%ten_b'`;
      const changed = (queries: Queries) =>
        sql`update ${table} set ${column} = ${column} where ${others}`.execute(queries);
      const deleted = (queries: Queries) => sql`delete from ${table} where ${others}`.execute(queries);
      expect([name, await outcomeOf(a, changed)]).toMatchObject([name, { numAffectedRows: 0n }]);
      expect([name, await outcomeOf(a, deleted)]).toMatchObject([name, { numAffectedRows: 0n }]);
      if (isAppendOnly) continue;
      const given = (queries: Queries) =>
        sql`update ${table} set ${column} = replace(${column}, 'ten_a', 'ten_b')`.execute(queries);
      expect([name, await outcomeOf(a, given)]).toEqual([name, expect.stringMatching(REFUSED)]);
    }
    for (const table of tables) {
      const made = (queries: Queries) => table.insert(queries, "ten_b", "again");
      expect([table.name, await outcomeOf(a, made)]).toEqual([table.name, expect.stringMatching(REFUSED)]);
    }
    expect(await Promise.all(tables.map((table) => rowsOf(database, table)))).toEqual(before);
  });

  test("leaves nothing behind in its connection, whether it went well or not", async () => {
    const { database, a } = await open();
    const setting = sql<{ tenant: string | null }>`select current_setting('evergrant.tenant', true) as tenant`;
    const seen = async () => {
      const { rows } = await database.read((queries) => setting.execute(queries));
      const tenants = await database.read((queries) => queries.selectFrom("tenants").select("id").execute());
      return { set: rows[0]?.tenant ?? "", tenants: tenants.length };
    };
    expect((await a.read((queries) => setting.execute(queries))).rows).toEqual([{ tenant: "ten_a" }]);
    expect(await seen()).toEqual({ set: "", tenants: 3 });
    await expect(a.write(() => Promise.reject(new Error("half-way")))).rejects.toThrow("half-way");
    expect(await seen()).toEqual({ set: "", tenants: 3 });
    await expect(a.write((queries) => sql`select 1 / 0`.execute(queries))).rejects.toThrow("division by zero");
    expect(await seen()).toEqual({ set: "", tenants: 3 });
  });

  test("is for a tenant with a name, whatever is in it", async () => {
    const { database } = await open();
    expect(() => database.forTenant("")).toThrow("empty");
    for (const name of ["'; reset all; --", "\\'; reset all; --", "ten_b' or 'a' = 'a"]) {
      const found = await database
        .forTenant(name)
        .read((queries) => queries.selectFrom("tenants").selectAll().execute());
      expect([name, found]).toEqual([name, []]);
    }
  });

  test("that makes another's row is our own mistake, and no trouble of the database", async () => {
    const { a } = await open();
    const error = await createApiKeyStore(a)
      .create({ ...KEY, tenantId: "ten_b" })
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "42501" });
  });
});

const KEY = {
  id: "key_new",
  tenantId: "ten_a",
  name: "new",
  scopes: ["admin" as const],
  hash: Buffer.from([1]),
  expiresAt: null,
  allowedCidrs: [],
  rateLimit: null,
  replaces: null,
};

test("a dump by the owner is whole where it is told that the rows are open to it, and fails where it is not", async () => {
  const { url } = await open();
  const all = [{ id: "default" }, { id: "ten_a" }, { id: "ten_b" }];
  // What pg_dump says with --enable-row-security, and without.
  expect(await administer(`${url}?options=-c%20row_security%3Don`, "select id from tenants order by id")).toEqual(all);
  await expect(administer(`${url}?options=-c%20row_security%3Doff`, "select id from tenants")).rejects.toThrow(
    "would be affected by row-level security",
  );
});

describe("a store's query without a condition on the tenant", () => {
  test("finds and changes what is the tenant's own, and nothing else", async () => {
    const { database, a } = await open();
    const clients = createClientStore(a);
    const connections = createConnectionStore(a);
    for (const [id, isFound] of [
      ["con_ten_a", true],
      ["con_ten_b", false],
    ] as const) {
      expect([id, (await connections.newestOf([id])).size]).toEqual([id, isFound ? 1 : 0]);
      expect([id, (await connections.snapshot(id)) !== null]).toEqual([id, isFound]);
      expect([id, (await connections.history(id, { limit: 9, before: null })).length]).toEqual([id, isFound ? 1 : 0]);
      await connections.setLabels(id, { changed: "yes" });
      await connections.disconnect(id, { kind: "disconnected", generation: 1, detail: {} }).catch(() => undefined);
      expect([id, await stateOf(database, id)]).toEqual([
        id,
        isFound ? { labels: '{"changed":"yes"}', status: "disconnected" } : { labels: "{}", status: "active" },
      ]);
    }
    expect(await clients.find("cli_ten_b")).toBeNull();
    expect(await clients.listSecrets(["cli_ten_a", "cli_ten_b"])).toMatchObject([{ clientId: "cli_ten_a" }]);
    expect(await createApiKeyStore(a).find("api_keys_ten_b")).toBeNull();
    expect(await createConnectSessionStore(a).find("connect_sessions_ten_b")).toBeNull();
  });
});

function stateOf(database: OpenedDatabase, id: string) {
  return database.read((queries) =>
    queries.selectFrom("connections").select(["labels", "status"]).where("id", "=", id).executeTakeFirst(),
  );
}

describe("for everybody, the wall costs no index", () => {
  test.each([
    [
      "what is due",
      sql`select connection_id from refresh_leases where due_at <= eg_now() and owner is null order by due_at limit 10`,
      /Index Scan using refresh_leases_due on refresh_leases.*Index Cond: \(due_at <= eg_now\(\)\)/,
    ],
    [
      "the tokens of one connection",
      sql`select token_sets.* from connections join token_sets on token_sets.connection_id = connections.id
        where connections.id = 'con_ten_a'`,
      /Index Cond: \(id = 'con_ten_a'::text\).*Index Cond: \(connection_id = 'con_ten_a'::text\)/,
    ],
    [
      "a page of a tenant's connections",
      sql`select id from connections where tenant_id = 'ten_a' and id > 'con_0' order by id limit 10`,
      /Index Cond: \(\(tenant_id = 'ten_a'::text\) AND \(id > 'con_0'::text\)\)/,
    ],
  ])("%s", async (_name, query, plan) => {
    const { database, a } = await open();
    for (const each of [database, a]) {
      const { rows } = await each.write(async (queries) => {
        await sql`set local enable_seqscan = off; set local enable_bitmapscan = off`.execute(queries);
        return sql`explain ${query}`.execute(queries);
      });
      expect(JSON.stringify(rows)).toMatch(plan);
    }
  });
});
