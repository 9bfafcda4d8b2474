import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { postgresDatabase } from "../stage/postgres/database.ts";
import { gatherCallers, type Answer } from "./callers.ts";
import { openShared } from "./database.ts";
import { expire } from "./expire.ts";
import { openProofStage, type ProofStage } from "./proof-stage.ts";

const CALLERS = 100;
const EXCHANGE_MS = 400;
const OK = Array(CALLERS).fill(200);

/** Of each class one connection; the sandbox forgives a repetition. */
const REPLAYS = [{ class: "window", seconds: 60 }, { class: "until_used" }, { class: "static" }];

async function open(apart: boolean): Promise<ProofStage> {
  const database = await openShared(await postgresDatabase());
  const behaviour = { reuse: { kind: "accept", seconds: 60 } } as const;
  const stage = await openProofStage({ database, processes: 4, replays: REPLAYS, behaviour, apart });
  onTestFinished(() => stage.close());
  return stage;
}

/** One process asks the provider and is killed before the answer, with callers waiting at all the others. */
async function killOwnerInStorm(stage: ProofStage): Promise<Answer[][]> {
  const { accounts, adminKey, cluster, sandbox, shared } = stage;
  const ids = await Promise.all(REPLAYS.map(async () => (await accounts.connect()) ?? ""));
  for (const id of ids) await expire(shared, id);
  sandbox.control.change({ tokenEndpointDelay: { fromMs: EXCHANGE_MS, toMs: EXCHANGE_MS } });
  const [owner, ...others] = cluster.processes();
  const urls = others.map((other) => other.url() ?? "");
  const callers = await Promise.all(
    ids.map(async (id) => ({
      path: `/v1/connections/${id}/access-token`,
      first: await gatherCallers([owner?.url() ?? ""], 1),
      storm: await gatherCallers(urls, CALLERS),
    })),
  );
  const unanswered = callers.map(({ first, path }) => first(path, adminKey));
  await expect.poll(() => sandbox.control.counts().refreshRequests, { interval: 5 }).toBe(REPLAYS.length);
  const answers = callers.map(({ storm, path }) => storm(path, adminKey));
  await sleep(EXCHANGE_MS / 4);
  await owner?.kill();
  const answered = await Promise.all(answers);
  expect((await Promise.all(unanswered)).flat().map(({ status }) => status)).toEqual([0, 0, 0]);
  return answered;
}

test.each([
  ["its journal is at hand", false, 6],
  ["on another host, so that only its silence tells", true, 12],
])("the owner of a storm is killed in mid-exchange, %s", { timeout: 60_000 }, async (where, apart, seconds) => {
  const stage = await open(apart);
  const answers = await killOwnerInStorm(stage);
  expect(answers.map((ofOne) => ofOne.map(({ status }) => status))).toEqual([OK, OK, OK]);
  // One request more for each connection, which is a repetition of the one whose answer was lost.
  const requests = 2 * REPLAYS.length;
  expect(stage.sandbox.control.counts()).toMatchObject({ refreshRequests: requests, reuseDetected: REPLAYS.length });
  const last = Math.max(...answers.flat().map(({ afterMs }) => afterMs)) / 1000;
  process.stderr.write(`storm, owner killed, ${where}: the last of all was answered after ${last.toFixed(1)} s\n`);
  expect(last).toBeLessThan(seconds);
});
