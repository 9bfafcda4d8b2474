import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { expect, onTestFinished, test } from "vitest";
import { openRefreshToken } from "../../dist/connection/token-record.js";
import { createConnectionStore } from "../../dist/store/connections.js";
import { postgresDatabase } from "../stage/postgres/database.ts";
import { createChance } from "./chance.ts";
import { openShared, type DatabaseKind, type SharedDatabase } from "./database.ts";
import { populate } from "./populate.ts";
import { openServiceStage, type ServiceStage } from "./service-stage.ts";

const DATABASES: readonly [DatabaseKind, () => Promise<DatabaseKind | SharedDatabase>][] = [
  ["sqlite", async () => "sqlite"],
  ["postgres", async () => openShared(await postgresDatabase())],
];

const KEYS = "/v1/keys/tenants/default";
const CONNECTIONS = 150;
const VALUES = 2 * CONNECTIONS + 1;
/** So slow that there is a middle to be killed in. */
const VALUES_PER_SECOND = 100;
const KILLS = 3;
const PATIENCE = { timeout: 15_000, interval: 20 };

test.each(DATABASES)(
  "a rekey is killed again and again, goes on, and leaves nothing that needs the older key: %s",
  { timeout: 60_000 },
  async (_name, open) => {
    const seed = Date.now() % 1_000_000;
    onTestFinished(({ task }) => void (task.result?.state === "fail" && process.stderr.write(`seed ${seed}\n`)));
    const chance = createChance(seed);
    const settings = { EVERGRANT_REKEY_RATE: String(VALUES_PER_SECOND) };
    const stage = await openServiceStage({ database: await open(), processes: 1, settings });
    onTestFinished(() => stage.close());
    const ids = await populateClient(stage);
    await stage.cluster.api("POST", `${KEYS}/rotate`);
    for (let kills = 0, done = 0; kills < KILLS; kills++) {
      const before = done;
      await expect.poll(async () => (await rekeyOf(stage)).done, PATIENCE).toBeGreaterThan(before);
      await sleep(chance.between(0, 150));
      done = await killAndStart(stage);
      expect(done).toBeLessThan(VALUES);
    }
    await expect.poll(async () => (await rekeyOf(stage)).finished, PATIENCE).toBe(true);

    expect((await stage.cluster.api("GET", KEYS)).body).toMatchObject({
      versions: [
        { version: 1, values: 0 },
        { version: 2, values: VALUES },
      ],
      rekey: { values_done: VALUES, values_total: VALUES },
    });
    await letGracePass(stage);
    const retired = await stage.cluster.api("POST", `${KEYS}/versions/1/retire`);
    expect([retired.status, retired.body]).toMatchObject([200, { versions: [{ retired_at: expect.any(String) }, {}] }]);
    expect(await refreshTokensWithout(stage, 1, ids)).toEqual(ids.map(() => "a refresh token"));
  },
);

/** A client with a secret, and connections whose tokens never fall due. */
async function populateClient({ cluster: { api }, shared, keyring }: ServiceStage): Promise<string[]> {
  const endpoints = { authorization_url: "http://127.0.0.1:1/authorize", token_url: "http://127.0.0.1:1/token" };
  await api("PUT", "/v1/providers/nobody", { name: "Nobody", ...endpoints });
  const registration = { provider: "nobody", client_id: "id", client_secret: "only-for-this-test" };
  const clientId = (await api("POST", "/v1/clients", registration)).at("id");
  return populate({ shared, keyring }, { clientId, providerId: "nobody", count: CONNECTIONS });
}

/** Returns how many values were done when it was killed. */
async function killAndStart(stage: ServiceStage): Promise<number> {
  const { cluster } = stage;
  const [process] = cluster.processes();
  if (!process) throw new Error("No process runs.");
  await process.kill();
  const { done } = await rekeyOf(stage);
  cluster.startInPlaceOf(process);
  await cluster.untilServing(1);
  return done;
}

/** As the database has it, whoever runs. */
async function rekeyOf({ shared: { database } }: Pick<ServiceStage, "shared">) {
  const query = sql<{ done: number; finished_at: number | null }>`select done, finished_at from rekeys`;
  const { rows } = await database.read((queries) => query.execute(queries));
  return { done: rows[0]?.done ?? 0, finished: (rows[0]?.finished_at ?? null) !== null };
}

/** The version before retires two minutes after a newer one was made. */
async function letGracePass({ shared: { database } }: ServiceStage): Promise<void> {
  const earlier = sql`update tenant_keys set created_at = created_at - 120000`;
  await database.write((queries) => earlier.execute(queries));
}

/** Refresh tokens of the connections, opened when that version of the key is no more. */
async function refreshTokensWithout({ shared: { database }, keyring }: ServiceStage, version: number, ids: string[]) {
  const remove = sql`delete from tenant_keys where tenant_id = 'default' and version = ${version}`;
  await database.write((queries) => remove.execute(queries));
  keyring.forget("default");
  const store = createConnectionStore(database);
  return Promise.all(
    ids.map(async (connectionId) => {
      const held = await store.snapshot(connectionId);
      const owner = { tenantId: "default", connectionId };
      return held && (await openRefreshToken(keyring, owner, held.tokens))?.reveal();
    }),
  );
}
