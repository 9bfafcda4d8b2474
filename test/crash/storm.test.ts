import { expect, onTestFinished, test } from "vitest";
import { gatherCallers } from "./callers.ts";
import { expire } from "./expire.ts";
import { openProofStage, type ProofStage } from "./proof-stage.ts";

const EXCHANGE_MS = 200;
const CALLERS = 1000;

test.each(["sqlite", "postgres"] as const)(
  "a thousand callers over four processes cost one token request: %s",
  { timeout: 60_000 },
  async (database) => {
    const stage = await openProofStage({ database, processes: 4 });
    onTestFinished(() => stage.close());
    const { sandbox } = stage;
    sandbox.control.change({ tokenEndpointDelay: { fromMs: EXCHANGE_MS, toMs: EXCHANGE_MS } });
    const lasted: number[] = [];
    // The first one finds processes that have never answered anybody.
    for (const storm of [1, 2, 3]) {
      lasted.push(await storming(stage));
      expect(sandbox.control.counts()).toMatchObject({ refreshRequests: storm, reuseDetected: 0 });
    }
    const times = lasted.map((last) => (last / EXCHANGE_MS).toFixed(1)).join(", ");
    process.stderr.write(
      `three storms, ${database}: the last of ${CALLERS} was answered after ${times} exchange times\n`,
    );
    expect(Math.max(...lasted)).toBeLessThan(10_000);
  },
);

/** Everybody asks for the token of one expired connection; returns how long the last one waited, in milliseconds. */
async function storming({ accounts, adminKey, cluster, shared }: ProofStage): Promise<number> {
  const connectionId = (await accounts.connect()) ?? "";
  await expire(shared, connectionId);
  const storm = await gatherCallers(cluster.urls(), CALLERS);
  const answers = await storm(`/v1/connections/${connectionId}/access-token`, adminKey);
  expect(answers.map(({ status }) => status)).toEqual(Array(CALLERS).fill(200));
  expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
  return Math.max(...answers.map(({ afterMs }) => afterMs));
}
