import { expect, test } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, openInstances, type InstancesStage } from "../stage/engine-stage.ts";
import { createGate } from "../stage/gate.ts";
import { answer, answers, losesItsAnswer, takes, type Play } from "../stage/plays.ts";
import { expectHealthy, expectNoReuse, sentTo } from "./outcome.ts";

type StoreCall = "snapshot" | "claim" | "commit";

/** What can go wrong at one call of instance `a` to the database. */
const MISHAPS: Record<string, (stage: InstancesStage, call: StoreCall) => void> = {
  "throws before": ({ a }, call) => a.store.fail(call),
  "throws after": ({ a }, call) => a.store.loseAnswer(call),
  "is killed before": ({ a }, call) => a.store.before(call, () => a.kill()),
  "is killed after": ({ a }, call) => a.store.holdAnswer(call, createGate()),
};

/** Access and refresh token, which the server numbers alike, are from one answer. */
async function expectOnePair(stage: InstancesStage, id: string): Promise<void> {
  const { accessToken = "", refreshToken } = await stage.tokensOf(id);
  expect(accessToken.replace("access", "refresh")).toBe(refreshToken);
}

test("crash-between-access-and-refresh-token-writes: a crash at any call to the database leaves the tokens of one answer", async () => {
  for (const [mishap, happens] of Object.entries(MISHAPS)) {
    for (const call of ["snapshot", "claim", "commit"] as const) {
      const stage = await openInstances({ sameHost: true, server: { reuse: "punished" } });
      const id = await stage.connect();
      happens(stage, call);
      void stage.a.refresh(id, { generation: 1 }).catch(() => undefined);
      await stage.clock.advance(SECOND);
      await expectOnePair(stage, id);
      const killed = mishap.startsWith("is killed");
      if (killed) stage.a.kill();
      await stage.passing(SECOND, (killed ? stage.b : stage.a).refresh(id, { generation: 1 }));
      expect([mishap, call, await stage.tokensOf(id)]).toMatchObject([mishap, call, { generation: 2 }]);
      await expectOnePair(stage, id);
      expectNoReuse(stage.server);
      await expectHealthy(stage, id);
    }
  }
  // What is beside the tokens may be nonsense, and what is no success changes nothing.
  const stage = await openEngineStage();
  const id = await stage.connect();
  stage.server.script(
    answers(200, {
      access_token: "odd-access",
      refresh_token: "odd",
      expires_in: "soon",
      scope: 42,
      id_token: "e30.x",
    }),
    answers(401, '{"error":{"code":"refresh_token_reused"}}'),
  );
  await stage.refresh(id);
  await stage.refresh(id);
  expect(await stage.tokensOf(id)).toEqual({ generation: 2, accessToken: "odd-access", refreshToken: "odd" });
});

/** The server acts, and of its answer this arrives. */
function arrivesAs(body: string): Play {
  return (act) => {
    act();
    return answer(200, body);
  };
}

/** Ways in which an answer gets lost after the server has acted. */
const LOSSES: Play[] = [losesItsAnswer, arrivesAs(""), arrivesAs('{"access_token":"access-1-2","refresh_tok')];

test("lost-rotation-response-ambiguous-retry: the same token is sent again at once where the provider forgives it", async () => {
  for (const loss of LOSSES) {
    const stage = await openEngineStage({ server: { reuse: { windowMs: 10 * MINUTE } } });
    const id = await stage.connect();
    await stage.clock.leap(51 * MINUTE);
    stage.server.script(loss);
    stage.sweep.start();
    await stage.clock.advance(4 * SECOND);
    expect(sentTo(stage.server)).toEqual(["refresh-1-1", "refresh-1-1"]);
    expect(await stage.historyOf(id)).toEqual(["connected", "answer_lost", "refreshed"]);
    await expectHealthy(stage, id);
  }
  // It is so for a connection that is refreshed only when somebody reads, although nobody reads again.
  const resting = await openEngineStage({ server: { reuse: { windowMs: 10 * MINUTE } } });
  const restingId = await resting.connect();
  await resting.connections.setPolicy(restingId, "on_demand", null);
  await resting.clock.leap(HOUR);
  resting.server.script(losesItsAnswer);
  await expect(resting.read(restingId)).rejects.toMatchObject({ code: "provider_unavailable" });
  resting.sweep.start();
  await resting.clock.advance(4 * SECOND);
  expect(resting.server.requests).toHaveLength(2);
  await expectHealthy(resting, restingId);
  // Where it does not, a person has to act, and hears that nobody has revoked anything.
  for (const loss of LOSSES) {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const id = await stage.connect();
    await stage.clock.leap(51 * MINUTE);
    const sentAt = stage.clock.now();
    stage.server.script(loss);
    stage.sweep.start();
    await stage.clock.advance(3 * MINUTE);
    expect(sentTo(stage.server)).toEqual(["refresh-1-1", "refresh-1-1"]);
    const { status, diagnosis } = (await stage.held(id)).connection;
    expect(status).toBe("reauthorization_required");
    expect(diagnosis).toMatchObject({ cause: "rotation_lost", confidence: "likely" });
    expect(diagnosis?.evidence).toMatchObject({ code: "invalid_grant", answer_lost_at: sentAt });
  }
});

test("workos-5s-deadline-outside-30s-replay-window: an answer that takes 35 seconds is asked for again within 30", async () => {
  const stage = await openEngineStage({ server: { reuse: { windowMs: 30 * SECOND }, lifetimeSeconds: 300 } });
  const id = await stage.connect();
  await stage.clock.leap(300 * SECOND);
  stage.server.script(takes(stage.clock, 35 * SECOND));
  stage.sweep.start();
  // Whoever asked with a token that is over hears of the first loss; nobody has to ask again.
  await expect(stage.passing(15 * SECOND, stage.read(id))).rejects.toMatchObject({ code: "provider_unavailable" });
  await stage.clock.advance(20 * SECOND);
  const [first, second] = stage.server.requests;
  expect(sentTo(stage.server)).toEqual(["refresh-1-1", "refresh-1-1"]);
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeLessThan(15 * SECOND);
  expect(await stage.tokensOf(id)).toMatchObject({ generation: 2, refreshToken: "refresh-1-2" });
  await expect(stage.read(id)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
  await expectHealthy(stage, id);
});
