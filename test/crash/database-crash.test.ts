import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { startPostgres, type PostgresServer } from "../stage/postgres/server.ts";
import { addStandby } from "../stage/postgres/standby.ts";
import { createChance } from "./chance.ts";
import { comeToRest } from "./come-to-rest.ts";
import { openShared } from "./database.ts";
import { startForwarder } from "./forwarder.ts";
import { judge } from "./judge.ts";
import { startLoad } from "./load.ts";
import { openProofStage } from "./proof-stage.ts";

/** So short and so slow that exchanges are under way at every moment. */
const BEHAVIOUR = { accessTokenLifetimeSeconds: 4, tokenEndpointDelay: { fromMs: 100, toMs: 400 } };
const CONNECTIONS = 24;
const PATIENCE = 60_000;

async function start(): Promise<PostgresServer> {
  const server = await startPostgres();
  onTestFinished(() => server.remove());
  return server;
}

/** Lets `happen` happen while connections are refreshed over the database at `url`, and says what came of them. */
async function refreshThrough(url: string, happen: () => Promise<void>) {
  const stage = await openProofStage({ database: await openShared(url), processes: 3, behaviour: BEHAVIOUR });
  onTestFinished(() => stage.close());
  const load = await startLoad(stage, { connections: CONNECTIONS, readers: 4, chance: createChance(1) });
  await sleep(2000);
  await happen();
  await sleep(2000);
  await load.stop();
  const works = await comeToRest(stage, PATIENCE);
  const { losses, damages, connections } = await judge(stage, works);
  const { expired, ended, unexpected } = load.tally();
  const { reuseDetected } = stage.sandbox.control.counts();
  return { losses, damages, connections, reuseDetected, expired, ended, unexpected };
}

const ALL_WELL = {
  losses: [],
  damages: 0,
  connections: CONNECTIONS,
  reuseDetected: 0,
  expired: 0,
  ended: 0,
  unexpected: 0,
};

test("a crash of PostgreSQL in the middle of refreshes loses nothing", { timeout: 180_000 }, async () => {
  const server = await start();
  const came = await refreshThrough(server.url("postgres"), async () => {
    await server.stop("immediate");
    await sleep(1500);
    await server.start();
  });
  expect(came).toEqual(ALL_WELL);
});

test("a failover to a synchronous standby in the middle of refreshes loses nothing", { timeout: 180_000 }, async () => {
  const primary = await start();
  const forwarder = await startForwarder(primary.port);
  onTestFinished(() => forwarder.close());
  const url = new URL(primary.url("postgres"));
  url.port = String(forwarder.port);
  const came = await refreshThrough(url.href, async () => {
    const standby = await addStandby(primary, "synchronous");
    onTestFinished(() => standby.remove());
    await sleep(1500);
    await primary.stop("immediate");
    await standby.promote();
    forwarder.leadTo(standby.port);
  });
  expect(came).toEqual(ALL_WELL);
});
