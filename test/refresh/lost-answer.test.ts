import { describe, expect, test } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { createGate } from "../stage/gate.ts";
import { answers, fails, losesItsAnswer, takes, waitsFor, type Play } from "../stage/plays.ts";
import type { ServerBehaviour } from "../stage/simulated-authorization-server.ts";

/** The server acts, and its answer never comes. */
const hangs: Play = (act) => {
  act();
  return waitsFor(createGate())(act);
};

/** How long the connection waits after an answer that was lost so. */
async function waitAfter(play: Play, server: Partial<ServerBehaviour>): Promise<number> {
  const stage = await openEngineStage({ server });
  const id = await stage.connect();
  stage.server.script(play);
  const refresh = stage.refresh(id);
  await stage.clock.advance(0);
  await stage.clock.advance(play === hangs ? deadlineOf(server) : 0);
  await refresh;
  return (await stage.held(id)).lease.backoffUntil - stage.clock.now();
}

function deadlineOf({ reuse }: Partial<ServerBehaviour>): number {
  return typeof reuse === "object" ? 5 * SECOND : 30 * SECOND;
}

const HARMLESS: Partial<ServerBehaviour>[] = [
  { rotation: false },
  { reuse: "until_used" },
  { reuse: { windowMs: 12 * SECOND } },
];
const HARMFUL: Partial<ServerBehaviour>[] = [{ reuse: "none" }, { reuse: "punished" }];

const LOSSES: [string, Play][] = [
  ["an answer that did not come in time", hangs],
  ["a gateway's timeout", answers(504, "")],
  ["a reset", losesItsAnswer],
  ["a gateway without an upstream", answers(502, "")],
  ["nonsense", answers(200, "<html>")],
];

describe.each(LOSSES)("after %s", (_, play) => {
  test.each(HARMLESS)("the token is sent again within two seconds where that does no harm: %j", async (server) => {
    const wait = await waitAfter(play, server);
    expect(wait).toBeGreaterThanOrEqual(500);
    expect(wait).toBeLessThanOrEqual(2 * SECOND);
  });
});

describe.each(LOSSES.slice(0, 2))("after %s", (_, play) => {
  test.each(HARMFUL)("the server has a minute to finish, where two at a time would be a reuse: %j", async (server) => {
    expect(await waitAfter(play, server)).toBe(MINUTE);
  });
});

test("a window that closes while an answer is waited for does not make a replay harmless", async () => {
  expect(await waitAfter(hangs, { reuse: { windowMs: 4 * SECOND } })).toBe(MINUTE);
});

describe.each(LOSSES.slice(2))("after %s", (_, play) => {
  test("the server is at nothing any more, and only the back-off is waited for", async () => {
    expect(await waitAfter(play, { reuse: "none" })).toBeLessThanOrEqual(2 * SECOND);
  });
});

describe("a lost answer where a replay is answered", () => {
  test.each<[string, Partial<ServerBehaviour>]>([
    ["until the new token is used", { reuse: "until_used" }],
    ["for a while", { reuse: { windowMs: MINUTE } }],
  ])("%s is had again, and it is the same", async (_, server) => {
    const stage = await openEngineStage({ server });
    const id = await stage.connect();
    stage.server.script(losesItsAnswer, losesItsAnswer);
    await stage.refresh(id);
    await stage.clock.advance(4 * SECOND);
    await stage.refresh(id);
    await stage.clock.advance(8 * SECOND);
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
    expect(await stage.tokensOf(id)).toMatchObject({ generation: 2, refreshToken: "refresh-1-2" });
    expect(stage.server.accepts("refresh-1-2")).toBe(true);
  });

  test("is had again by the sweep before the window closes, without anybody asking", async () => {
    const stage = await openEngineStage({ server: { reuse: { windowMs: 10 * SECOND } } });
    const id = await stage.connect();
    await stage.clock.advance(51 * MINUTE);
    stage.server.script(losesItsAnswer);
    stage.sweep.start();
    await stage.clock.advance(5 * SECOND);
    expect((await stage.held(id)).tokens.generation).toBe(2);
  });

  test("is had again although nobody reads the connection", async () => {
    const stage = await openEngineStage({ server: { reuse: { windowMs: 20 * SECOND } } });
    const id = await stage.connect();
    await stage.connections.setPolicy(id, "on_demand", stage.clock.now() + HOUR);
    stage.server.script(losesItsAnswer);
    await stage.clock.advance(HOUR);
    await expect(stage.read(id)).rejects.toMatchObject({ code: "provider_unavailable" });
    stage.sweep.start();
    await stage.clock.advance(5 * SECOND);
    expect((await stage.held(id)).tokens.generation).toBe(2);
  });

  test("is had again although two requests hang to their end", async () => {
    const stage = await openEngineStage({ server: { reuse: { windowMs: 30 * SECOND } } });
    const id = await stage.connect();
    await stage.clock.advance(51 * MINUTE);
    stage.server.script(hangs, hangs);
    stage.sweep.start();
    await stage.clock.advance(30 * SECOND);
    expect(stage.server.requests).toHaveLength(3);
    expect(stage.server.accepts((await stage.tokensOf(id)).refreshToken ?? "")).toBe(true);
    expect((await stage.held(id)).tokens.generation).toBe(2);
  });

  test("goes before everything else that waits for the host", async () => {
    const stage = await openEngineStage({ server: { reuse: { windowMs: MINUTE } } });
    const provider = await stage.catalogue.find("provider");
    if (!provider) throw new Error("The stage has no provider.");
    const ids = await Promise.all(Array.from({ length: 5 }, () => stage.connect()));
    const [lost = "", ...others] = ids;
    stage.server.script(losesItsAnswer);
    await stage.refresh(lost);
    await stage.catalogue.put({ ...provider, pace: { per_second: 1000, concurrent: 1 } });
    stage.server.always(takes(stage.clock, SECOND));
    await stage.clock.advance(4 * SECOND);
    const rest = others.map((id) => stage.refresh(id, { origin: "reader" }));
    await stage.clock.advance(0);
    await stage.passing(2 * SECOND, stage.refresh(lost, { origin: "ahead" }));
    expect(stage.server.requests.map(({ refreshToken }) => refreshToken).indexOf("refresh-1-1", 1)).toBe(2);
    await stage.passing(5 * SECOND, Promise.all(rest));
  });
});

describe("a replay window", () => {
  test("is counted from the first loss: when it has closed, the server has a minute to finish", async () => {
    const stage = await openEngineStage({ server: { reuse: { windowMs: 30 * SECOND } } });
    const id = await stage.connect();
    stage.server.script(losesItsAnswer, hangs);
    await stage.refresh(id);
    await stage.clock.advance(25 * SECOND);
    await stage.passing(10 * SECOND, stage.refresh(id));
    expect((await stage.held(id)).lease.backoffUntil).toBe(stage.clock.now() + MINUTE);
  });

  test("is not spent on waits that grow", async () => {
    const stage = await openEngineStage({ server: { reuse: { windowMs: MINUTE } } });
    const id = await stage.connect();
    stage.server.script(...Array.from({ length: 4 }, () => losesItsAnswer));
    for (let loss = 0; loss < 4; loss++) {
      await stage.refresh(id);
      expect((await stage.held(id)).lease.backoffUntil - stage.clock.now()).toBeLessThanOrEqual(2 * SECOND);
      await stage.clock.advance(2 * SECOND);
    }
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
  });
});

describe("how often a token was sent without an answer", () => {
  test("is counted, and its first time remembered", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const firstAt = stage.clock.now();
    stage.server.script(losesItsAnswer, losesItsAnswer, answers(503, ""));
    await stage.refresh(id);
    for (let round = 0; round < 3; round++) {
      await stage.clock.advance(MINUTE);
      await stage.passing(4 * SECOND, stage.refresh(id));
    }
    expect(takenOver(stage)).toEqual([
      { count: 1, firstAt },
      { count: 2, firstAt },
      { count: 2, firstAt },
    ]);
  });

  test("starts anew with the next token", async () => {
    const stage = await openEngineStage({ server: { reuse: { windowMs: 10 * MINUTE } } });
    const id = await stage.connect();
    stage.server.script(losesItsAnswer);
    await stage.refresh(id);
    await stage.clock.advance(MINUTE);
    await stage.refresh(id);
    expect((await stage.held(id)).lease).toMatchObject({ attemptGeneration: null, attemptAt: null, unanswered: 0 });
    await stage.refresh(id);
    expect(takenOver(stage)).toHaveLength(1);
  });

  test("does not count what was not sent", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.script(fails("dns", { sent: false }), fails("tls", { sent: false }));
    await stage.refresh(id);
    await stage.clock.advance(MINUTE);
    await stage.refresh(id);
    expect((await stage.held(id)).lease).toMatchObject({ failures: 2, unanswered: 0, attemptGeneration: null });
  });
});

function takenOver({ observer }: EngineStage) {
  return observer.of("refresh.taken_over").map(({ count, firstAt }) => ({ count, firstAt }));
}
