import { expect, onTestFinished, test } from "vitest";
import { mintKey } from "../../src/access/api-key.ts";
import { generateRootKey } from "../../src/keyring/root-key.ts";
import { startService } from "../../src/service/service.ts";
import { readSettings } from "../../src/service/settings.ts";
import { systemClock, systemRandom } from "../../src/service/system.ts";
import { createApi, type Api } from "../stage/api.ts";
import { freePort } from "../stage/free-port.ts";
import { postgresDatabase } from "../stage/postgres/database.ts";
import { PASSWORD } from "../stage/postgres/server.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";

const ROOT_KEY = generateRootKey(systemRandom).reveal();
const ADMIN_KEY = mintKey("admin", systemClock, systemRandom).text.reveal();

/** A process of the service with a data folder of its own, as on another machine. */
async function start(more: Record<string, string>): Promise<Api> {
  const settings = readSettings({
    EVERGRANT_DATA_DIR: temporaryFolder(),
    EVERGRANT_PORT: String(await freePort()),
    EVERGRANT_LOG_LEVEL: "silent",
    EVERGRANT_ADMIN_KEY: ADMIN_KEY,
    ...more,
  });
  const service = await startService(settings);
  onTestFinished(() => service.close());
  return createApi(service.url, ADMIN_KEY);
}

async function failure(more: Record<string, string>): Promise<unknown> {
  return start(more).catch((error: unknown) => error);
}

test("two processes start on one empty database at once, and each sees what the other stores", async () => {
  const settings = { EVERGRANT_DATABASE_URL: await postgresDatabase("empty"), EVERGRANT_ROOT_KEY: ROOT_KEY };
  const [one, other] = await Promise.all([start(settings), start(settings)]);
  const client = { provider: "google", client_id: "a", client_secret: "sealed by one", scopes: ["s"] };
  const made = await one("POST", "/v1/clients", client);
  expect(made.status).toBe(201);
  expect((await other("GET", `/v1/clients/${made.at("id")}`)).body).toMatchObject({ client_id: "a" });
});

test("no root key is made in passing, because every process needs the same", async () => {
  const url = await postgresDatabase("empty");
  expect(await failure({ EVERGRANT_DATABASE_URL: url })).toMatchObject({
    name: "StartError",
    kind: "key",
    message: expect.stringMatching(/root\.key is missing\. Make a key with .*the same one to every process/),
  });
});

test("another process without the root key of the database is told what it lacks", async () => {
  const url = await postgresDatabase("empty");
  await start({ EVERGRANT_DATABASE_URL: url, EVERGRANT_ROOT_KEY: ROOT_KEY });
  expect(await failure({ EVERGRANT_DATABASE_URL: url })).toMatchObject({
    kind: "key",
    message: expect.stringContaining("Put the key back"),
  });
  const another = generateRootKey(systemRandom).reveal();
  expect(await failure({ EVERGRANT_DATABASE_URL: url, EVERGRANT_ROOT_KEY: another })).toMatchObject({
    kind: "key",
    message: expect.stringContaining("is not the one that sealed this database"),
  });
});

test("a database that cannot be reached is said to be, without its password", async () => {
  const url = `postgres://evergrant:${PASSWORD}@127.0.0.1:${await freePort()}/evergrant`;
  const error = await failure({ EVERGRANT_DATABASE_URL: url, EVERGRANT_ROOT_KEY: ROOT_KEY });
  expect(error).toMatchObject({ kind: "database", message: expect.stringMatching(/^PostgreSQL cannot be reached/) });
  expect(String(error)).not.toContain(PASSWORD);
});
