import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { secret } from "../../../src/runtime/secret.ts";
import { createClientStore } from "../../../src/store/clients.ts";
import type { Database } from "../../../src/store/database.ts";
import { openPostgres } from "../../../src/store/postgres/open.ts";
import { startPostgres, type PostgresServer } from "../../stage/postgres/server.ts";
import { addStandby } from "../../stage/postgres/standby.ts";
import { clientAt, EVERY_CLIENT } from "../../stage/world.ts";

async function start(): Promise<PostgresServer> {
  const server = await startPostgres();
  onTestFinished(() => server.remove());
  return server;
}

async function open(server: PostgresServer): Promise<Database> {
  const database = await openPostgres(secret(server.url("postgres")), { answerWithinMs: 3000 });
  onTestFinished(() => database.close());
  return database;
}

async function incarnationOf(database: Database): Promise<number> {
  const query = sql<{ incarnation: number }>`select eg_incarnation() as incarnation`;
  const { rows } = await database.read((queries) => query.execute(queries));
  return rows[0]?.incarnation ?? 0;
}

test("a server that comes back is another incarnation, and the database is used again without being opened anew", async () => {
  const server = await start();
  const database = await open(server);
  const clients = createClientStore(database);
  await clients.create(clientAt("provider", "cli_1"), null);
  const before = await incarnationOf(database);
  expect(await incarnationOf(database)).toBe(before);
  await server.stop("immediate");
  await expect(clients.list(EVERY_CLIENT)).rejects.toMatchObject({ code: "store_unavailable" });
  await server.start();
  expect(await clients.list(EVERY_CLIENT)).toMatchObject([{ id: "cli_1" }]);
  expect(await incarnationOf(database)).toBeGreaterThan(before);
});

test("a standby is refused until it is promoted, and is another incarnation then, with all that was committed", async () => {
  const primary = await start();
  const database = await open(primary);
  const before = await incarnationOf(database);
  const standby = await addStandby(primary, "synchronous");
  onTestFinished(() => standby.remove());
  await createClientStore(database).create(clientAt("provider", "cli_1"), null);
  await expect(openPostgres(secret(standby.url("postgres")))).rejects.toMatchObject({
    code: "store_unavailable",
    message: expect.stringMatching(/^PostgreSQL takes no writes here: it is a standby/),
  });
  await primary.stop("immediate");
  await standby.promote();
  const promoted = await open(standby);
  expect(await createClientStore(promoted).list(EVERY_CLIENT)).toMatchObject([{ id: "cli_1" }]);
  expect(await incarnationOf(promoted)).not.toBe(before);
});

test("a commit that the synchronous standby does not confirm is not said to have happened", async () => {
  const primary = await start();
  const database = await openPostgres(secret(primary.url("postgres")), { answerWithinMs: 500 });
  onTestFinished(() => database.close());
  const standby = await addStandby(primary, "synchronous");
  onTestFinished(() => standby.remove());
  const clients = createClientStore(database);
  await clients.create(clientAt("provider", "cli_1"), null);
  await standby.stop("immediate");
  await expect(clients.create(clientAt("provider", "cli_2"), null)).rejects.toMatchObject({
    code: "store_unavailable",
    message: expect.stringMatching(/^PostgreSQL did not answer in time/),
  });
  await standby.start();
  const resumed = () => clients.resume("cli_1").catch(() => "not yet");
  await expect.poll(resumed, { timeout: 10_000 }).toBe(false);
});
