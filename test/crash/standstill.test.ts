import { setTimeout as sleep } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { openProofStage } from "./proof-stage.ts";

/** A third of the window: an exchange with such a provider has so long. */
const DEADLINE_MS = 5_000;
const REPLAYS = [{ class: "window", seconds: 15 }];

test(
  "an answer that came while the process stood still is kept, though its deadline is over",
  { timeout: 60_000 },
  async () => {
    const behaviour = { tokenEndpointDelay: { fromMs: 400, toMs: 400 } };
    const stage = await openProofStage({ database: "sqlite", processes: 1, replays: REPLAYS, behaviour });
    onTestFinished(() => stage.close());
    const { accounts, cluster, sandbox } = stage;
    const path = `/v1/connections/${await accounts.connect()}/refresh`;
    const refreshing = cluster.api("POST", path);
    await expect.poll(() => sandbox.control.counts().refreshRequests, { interval: 5 }).toBe(1);
    const [paused] = cluster.processes();
    paused?.pause();
    await sleep(DEADLINE_MS + 1_000);
    expect(sandbox.control.counts().refreshesSucceeded).toBe(1);
    paused?.resume();
    expect((await refreshing).body).toMatchObject({ status: "active", generation: 2, failures: 0 });
    expect(sandbox.control.counts().refreshRequests).toBe(1);
  },
);
