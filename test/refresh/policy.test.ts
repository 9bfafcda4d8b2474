import { describe, expect, test } from "vitest";
import type { RefreshPolicy } from "../../src/connection/connection.ts";
import { changePolicy } from "../../src/refresh/change-policy.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { createInstance, openEngineStage, type EngineStage, type EngineStageOptions } from "../stage/engine-stage.ts";
import { answers, takes } from "../stage/plays.ts";

async function connected(policy: RefreshPolicy, options: EngineStageOptions = {}) {
  const stage = await openEngineStage(options);
  const id = await stage.connect();
  await changePolicy(stage.ports, id, policy);
  return { stage, id };
}

/** An instance that sweeps for a while. */
async function sweepFor(stage: EngineStage, milliseconds: number): Promise<void> {
  const { sweep } = createInstance(stage);
  sweep.start();
  await stage.clock.advance(milliseconds);
  await sweep.stop();
}

async function dueAt(stage: EngineStage, id: string): Promise<number> {
  return (await stage.held(id)).lease.dueAt ?? Number.POSITIVE_INFINITY;
}

describe("an adaptive connection", () => {
  test("that nobody has read for a day rests until half of its refresh token's idle life", async () => {
    const { stage, id } = await connected("adaptive");
    const { obtainedAt } = (await stage.held(id)).tokens;
    await stage.clock.advance(DAY);
    await sweepFor(stage, 10 * SECOND);
    expect(stage.server.requests).toHaveLength(0);
    expect(await dueAt(stage, id)).toBe(obtainedAt + 2 * DAY);
    expect((await stage.held(id)).lease).toMatchObject({ owner: null, failures: 0, attemptGeneration: null });
    await stage.clock.advance(DAY - 11 * SECOND);
    await sweepFor(stage, 3 * SECOND);
    expect(stage.server.requests).toHaveLength(1);
    expect(await dueAt(stage, id)).toBe((stage.server.requests[0]?.at ?? 0) + 2 * DAY);
  });

  test("is woken by a read, refreshed for the reader, and from then on ahead of need", async () => {
    const { stage, id } = await connected("adaptive");
    await stage.clock.advance(DAY + HOUR);
    await sweepFor(stage, 2 * SECOND);
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
    expect(await dueAt(stage, id)).toBeLessThanOrEqual(stage.clock.now() + 50 * MINUTE);
    stage.sweep.start();
    await stage.clock.advance(51 * MINUTE);
    expect((await stage.held(id)).tokens).toMatchObject({ generation: 3, origin: "ahead" });
  });

  test("that rests and is read inside its lead is refreshed behind the reader's back", async () => {
    const { stage, id } = await connected("adaptive", { server: { lifetimeSeconds: 30 * 3600 } });
    await stage.clock.advance(29 * HOUR + 45 * MINUTE);
    await sweepFor(stage, 2 * SECOND);
    expect(stage.server.requests).toHaveLength(0);
    await stage.clock.advance(6 * MINUTE);
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 1, refreshState: "refreshing" });
    await stage.clock.advance(0);
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 2 });
  });

  test("that has just been connected is refreshed ahead, although nobody has read it yet", async () => {
    const { stage, id } = await connected("adaptive");
    await stage.clock.advance(51 * MINUTE);
    await sweepFor(stage, 2 * SECOND);
    expect((await stage.held(id)).tokens.generation).toBe(2);
  });
});

describe("an on-demand connection", () => {
  test("is not refreshed by itself before half of its idle life", async () => {
    const { stage, id } = await connected("on_demand");
    const { obtainedAt } = (await stage.held(id)).tokens;
    expect(await dueAt(stage, id)).toBe(obtainedAt + 2 * DAY);
    await stage.clock.advance(2 * DAY - 5 * SECOND);
    await sweepFor(stage, 3 * SECOND);
    expect(stage.server.requests).toHaveLength(0);
    await sweepFor(stage, 4 * SECOND);
    expect(stage.server.requests).toHaveLength(1);
  });

  test("is refreshed for who reads it, and rests again", async () => {
    const { stage, id } = await connected("on_demand");
    await stage.clock.advance(HOUR);
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 2 });
    await stage.clock.advance(51 * MINUTE);
    await sweepFor(stage, 5 * SECOND);
    expect(stage.server.requests).toHaveLength(1);
    expect(await dueAt(stage, id)).toBeGreaterThan(stage.clock.now() + DAY);
  });

  test("is left alone by a read that its token still serves", async () => {
    const { stage, id } = await connected("on_demand");
    await stage.clock.advance(55 * MINUTE);
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 1, refreshState: "ok" });
    await stage.clock.advance(0);
    expect(stage.server.requests).toHaveLength(0);
  });

  test("that is swept late, while somebody reads it, is refreshed for the reader all the same", async () => {
    const { stage, id } = await connected("on_demand");
    await stage.connections.setPolicy(id, "on_demand", stage.clock.now());
    await stage.clock.advance(HOUR);
    stage.store.before("release", async () => {
      reading = stage.read(id);
      await Promise.resolve();
    });
    let reading: Promise<unknown> = Promise.resolve();
    stage.sweep.start();
    await stage.clock.advance(SECOND);
    await expect(reading).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
  });
});

describe("an eager connection", () => {
  test("is refreshed ahead of every expiry, read or not", async () => {
    const { stage, id } = await connected("eager");
    await stage.clock.advance(10 * DAY);
    await sweepFor(stage, SECOND);
    await stage.clock.advance(51 * MINUTE);
    await sweepFor(stage, SECOND);
    expect((await stage.held(id)).tokens.generation).toBe(3);
  });
});

describe("a change of policy", () => {
  test.each([
    ["eager", "on_demand", DAY],
    ["on_demand", "eager", -DAY],
  ] as const)("from %s to %s holds from the token set that there is", async (from, to, atLeast) => {
    const { stage, id } = await connected(from);
    const before = await dueAt(stage, id);
    await changePolicy(stage.ports, id, to);
    expect((await stage.held(id)).connection.policy).toBe(to);
    expect(Math.sign((await dueAt(stage, id)) - before - atLeast / 2)).toBe(Math.sign(atLeast));
  });

  test("makes nothing due that is over", async () => {
    const { stage, id } = await connected("adaptive");
    stage.server.revoke("refresh-1-1");
    await stage.refresh(id);
    await changePolicy(stage.ports, id, "eager");
    expect((await stage.held(id)).lease.dueAt).toBeNull();
  });

  test("leaves the end of a connection without a refresh token to be noticed", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect({ withoutRefreshToken: true });
    await changePolicy(stage.ports, id, "on_demand");
    expect(await dueAt(stage, id)).toBe(stage.clock.now() + HOUR);
  });

  test("of a connection that is not there is said to be so", async () => {
    const { ports } = await openEngineStage();
    await expect(changePolicy(ports, "con_no", "eager")).rejects.toMatchObject({ code: "not_found" });
  });
});

test("a refresh token that outlives what its provider once said is not refreshed over and over", async () => {
  const { stage, id } = await connected("eager", { server: { rotation: false } });
  stage.server.script(answers(200, { access_token: "a", expires_in: 3600, refresh_token_expires_in: 120 }));
  await stage.refresh(id);
  stage.sweep.start();
  await stage.clock.advance(10 * MINUTE);
  expect(stage.server.requests.length).toBeLessThanOrEqual(12);
});

test("what would lapse goes before what is only refreshed ahead", async () => {
  const stage = await openEngineStage();
  const provider = await stage.catalogue.find("provider");
  if (!provider) throw new Error("The stage has no provider.");
  const ids = await Promise.all(Array.from({ length: 4 }, () => stage.connect()));
  const lapsing = ids[3] ?? "";
  stage.server.script(answers(200, { access_token: "a", expires_in: 3600, refresh_token_expires_in: 43_200 }));
  await stage.refresh(lapsing);
  await stage.catalogue.put({ ...provider, pace: { per_second: 1000, concurrent: 1 } });
  stage.server.always(takes(stage.clock, SECOND));
  const refreshes = ids.map((id) => stage.refresh(id));
  await stage.clock.advance(1.5 * SECOND);
  const sent = stage.server.requests.map(({ refreshToken }) => refreshToken).slice(1);
  expect(sent).toHaveLength(2);
  expect(sent[1]).toBe((await stage.tokensOf(lapsing)).refreshToken);
  await stage.passing(5 * SECOND, Promise.all(refreshes));
});
