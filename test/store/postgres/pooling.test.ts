import { expect, onTestFinished, test } from "vitest";
import { Client } from "pg";
import type { Clock } from "../../../src/runtime/clock.ts";
import { secret } from "../../../src/runtime/secret.ts";
import type { Database } from "../../../src/store/database.ts";
import { openPostgres } from "../../../src/store/postgres/open.ts";
import { administer } from "../../stage/postgres/administer.ts";
import { postgresDatabase } from "../../stage/postgres/database.ts";
import { followClock } from "../../stage/postgres/follow-clock.ts";
import { startTransactionPooler } from "../../stage/postgres/transaction-pooler.ts";
import { apiKeyStoreContract, keyStoreContract, providerStoreContract } from "../access-stores.contract.ts";
import { clientStoreContract } from "../client-store.contract.ts";
import { connectSessionStoreContract } from "../connect-session-store.contract.ts";
import { connectionCrowdContract } from "../connection-crowd.contract.ts";

/** An odd number, so that asking two things in turn asks both of each. */
const SERVER_CONNECTIONS = 3;

async function pooled(kind: "migrated" | "empty"): Promise<string> {
  const pooler = await startTransactionPooler(await postgresDatabase(kind), SERVER_CONNECTIONS);
  onTestFinished(() => pooler.close());
  return pooler.url;
}

async function openPooled(clock: Clock): Promise<Database> {
  const database = await openPostgres(secret(await pooled("migrated")));
  return followClock(database, clock);
}

const kind = { name: "PostgreSQL behind a proxy that pools transactions", open: openPooled };

apiKeyStoreContract(kind);
clientStoreContract(kind);
connectSessionStoreContract(kind);
connectionCrowdContract(kind);
keyStoreContract(kind);
providerStoreContract(kind);

test("the proxy is as forgetful as it has to be for these tests to mean something", async () => {
  const client = new Client(await pooled("migrated"));
  await client.connect();
  onTestFinished(() => client.end());
  const backends = [];
  for (let turn = 0; turn < 3; turn++) {
    const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
    backends.push(rows[0]?.pid);
  }
  expect(new Set(backends).size).toBe(3);
  await client.query("begin");
  const inside = await client.query("select pg_backend_pid()");
  expect((await client.query("select pg_backend_pid()")).rows).toEqual(inside.rows);
  await client.query("commit");
});

test("what is done for one tenant is done for no other one that gets the same connection", async () => {
  const database = await openPostgres(secret(await pooled("migrated")));
  onTestFinished(() => database.close());
  const tenants = ["ten_a", "ten_b"].map((id) => ({ id, name: id, created_at: 0 }));
  await database.write((queries) => queries.insertInto("tenants").values(tenants).execute());
  const turns = Array.from({ length: 20 }, async () => [
    await seenBy(database.forTenant("ten_a")),
    await seenBy(database),
    await seenBy(database.forTenant("ten_b")),
  ]);
  const each = [["ten_a"], ["default", "ten_a", "ten_b"], ["ten_b"]];
  expect(await Promise.all(turns)).toEqual(turns.map(() => each));
});

async function seenBy({ read }: Pick<Database, "read">): Promise<string[]> {
  const rows = await read((queries) => queries.selectFrom("tenants").select("id").orderBy("id").execute());
  return rows.map(({ id }) => id);
}

test("nothing is left behind in the proxy's connections", async () => {
  const url = await pooled("empty");
  const database = await openPostgres(secret(url));
  onTestFinished(() => database.close());
  for (let turn = 0; turn < SERVER_CONNECTIONS; turn++) {
    const [settings] = await administer(url, "select current_setting('statement_timeout') as left_behind");
    expect(settings).toEqual({ left_behind: "0" });
    expect(await administer(url, "select name from pg_prepared_statements where name <> ''")).toEqual([]);
  }
  expect(await administer(url, "select objid from pg_locks where locktype = 'advisory'")).toEqual([]);
});
