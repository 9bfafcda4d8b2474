import { expect, onTestFinished, test } from "vitest";
import { gatherCallers } from "./callers.ts";
import { expire } from "./expire.ts";
import { openProofStage } from "./proof-stage.ts";

const EXCHANGE_MS = 200;

test.each(["sqlite", "postgres"] as const)(
  "a thousand callers over four processes cost one token request: %s",
  { timeout: 60_000 },
  async (database) => {
    const stage = await openProofStage({ database, processes: 4 });
    onTestFinished(() => stage.close());
    const { accounts, adminKey, cluster, sandbox, shared } = stage;
    const path = `/v1/connections/${await accounts.connect()}/access-token`;
    await expire(shared, path.split("/")[3] ?? "");
    sandbox.control.change({ tokenEndpointDelay: { fromMs: EXCHANGE_MS, toMs: EXCHANGE_MS } });
    const storm = await gatherCallers(cluster.urls(), 1000);
    const answers = await storm(path, adminKey);
    expect(answers.map(({ status }) => status)).toEqual(Array(1000).fill(200));
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect(sandbox.control.counts()).toMatchObject({ refreshRequests: 1, reuseDetected: 0 });
    const last = Math.max(...answers.map(({ afterMs }) => afterMs));
    process.stderr.write(
      `storm, ${database}: the last of 1000 was answered after ${(last / EXCHANGE_MS).toFixed(1)} exchange times\n`,
    );
    expect(last).toBeLessThan(10_000);
  },
);
