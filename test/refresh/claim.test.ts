import { describe, expect, test } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, openInstances } from "../stage/engine-stage.ts";
import { createGate } from "../stage/gate.ts";
import { answers, takes, waitsFor } from "../stage/plays.ts";

describe("while one instance is at it", () => {
  test("another one waits, and takes over the winner's token without a request of its own", async () => {
    const { a, b, ...stage } = await openInstances({ server: { reuse: "punished" } });
    const id = await stage.connect();
    const gate = createGate();
    stage.server.script(waitsFor(gate));
    const first = a.refresh(id);
    await stage.clock.advance(0);
    let over = false;
    const second = b.refresh(id).finally(() => (over = true));
    await stage.clock.advance(20 * SECOND);
    expect(over).toBe(false);
    gate.open();
    await expect(stage.passing(0, first)).resolves.toEqual({ kind: "renewed" });
    await expect(stage.passing(250, second)).resolves.toEqual({ kind: "renewed" });
    expect(stage.server.requests).toHaveLength(1);
    expect((await stage.held(id)).tokens.generation).toBe(2);
  });

  test("a reader elsewhere gets the winner's token as soon as it is there", async () => {
    const { a, b, ...stage } = await openInstances();
    const id = await stage.connect();
    await stage.clock.advance(HOUR);
    stage.server.script(takes(stage.clock, 200));
    const first = a.read(id);
    await stage.clock.advance(100);
    const token = await stage.passing(200, b.read(id));
    expect(token).toMatchObject({ generation: 2, refreshState: "ok" });
    expect((await first).accessToken.reveal()).toBe(token.accessToken.reveal());
    expect(stage.server.requests).toHaveLength(1);
  });

  test("and finds the connection over, a reader elsewhere is told so", async () => {
    const { a, b, ...stage } = await openInstances();
    const id = await stage.connect();
    await stage.clock.advance(HOUR);
    stage.server.script(takes(stage.clock, SECOND, answers(400, { error: "invalid_grant" })));
    const first = a.refresh(id);
    await stage.clock.advance(0);
    const read = b.read(id).catch((error: unknown) => error);
    expect(await stage.passing(2 * SECOND, read)).toMatchObject({ code: "reauthorization_required" });
    await expect(first).resolves.toEqual({ kind: "ended" });
  });

  test("a refused token leads to the winner's elsewhere", async () => {
    const { a, b, ...stage } = await openInstances();
    const id = await stage.connect();
    stage.server.script(takes(stage.clock, SECOND));
    const first = a.rejected(id, 1);
    await stage.clock.advance(0);
    const tokens = await stage.passing(2 * SECOND, Promise.all([first, b.rejected(id, 1)]));
    expect(tokens.map(({ generation }) => generation)).toEqual([2, 2]);
    expect(stage.server.requests).toHaveLength(1);
  });

  test("another one looks ever less often, four times a second in the end", async () => {
    const { a, b, ...stage } = await openInstances();
    const id = await stage.connect();
    stage.server.script(takes(stage.clock, 29 * SECOND));
    const first = a.refresh(id);
    await stage.clock.advance(0);
    const second = b.refresh(id);
    await stage.clock.advance(SECOND);
    const inTheFirst = b.store.calls("newestOf");
    expect(inTheFirst).toBeGreaterThanOrEqual(20);
    expect(inTheFirst).toBeLessThanOrEqual(28);
    await stage.clock.advance(20 * SECOND);
    expect(b.store.calls("newestOf") - inTheFirst).toBeLessThanOrEqual(84);
    expect(b.store.calls("newestOf") - inTheFirst).toBeGreaterThanOrEqual(78);
    expect(b.store.calls("claim")).toBeLessThanOrEqual(45);
    expect(b.store.calls("claim")).toBeGreaterThanOrEqual(38);
    await stage.passing(10 * SECOND, Promise.all([first, second]));
  });

  test("and comes to nothing, another one hears why and when to ask again", async () => {
    const { a, b, ...stage } = await openInstances();
    const id = await stage.connect();
    stage.server.script(takes(stage.clock, SECOND, answers(429, "", MINUTE)));
    const first = a.refresh(id);
    await stage.clock.advance(0);
    const results = await stage.passing(2 * SECOND, Promise.all([first, b.refresh(id)]));
    expect(results[0]).toMatchObject({ kind: "retry_later", cause: "provider_rate_limited" });
    expect(results[1]).toEqual(results[0]);
    expect(stage.server.requests).toHaveLength(1);
  });

  test("waiting elsewhere does not use up the turns of the host", async () => {
    const { a, b, ...stage } = await openInstances();
    const provider = await stage.catalogue.find("provider");
    if (!provider) throw new Error("The stage has no provider.");
    await stage.catalogue.put({ ...provider, pace: { per_second: 1, concurrent: 3 } });
    const [slow, other] = [await stage.connect(), await stage.connect()];
    stage.server.script(takes(stage.clock, 10 * SECOND));
    const first = a.refresh(slow);
    await stage.clock.advance(0);
    const second = b.refresh(slow);
    await stage.clock.advance(5 * SECOND);
    await expect(stage.passing(SECOND, b.refresh(other))).resolves.toEqual({ kind: "renewed" });
    await stage.passing(10 * SECOND, Promise.all([first, second]));
  });
});

test("two hundred callers over four instances lead to one request, and all get its token", async () => {
  const { instances, ...stage } = await openInstances({ count: 4, server: { reuse: "punished" } });
  const id = await stage.connect();
  await stage.clock.advance(HOUR);
  stage.server.script(takes(stage.clock, 300));
  const reads = instances.flatMap((instance) => Array.from({ length: 50 }, () => instance.read(id)));
  const tokens = await stage.passing(SECOND, Promise.all(reads));
  expect(new Set(tokens.map(({ accessToken }) => accessToken.reveal()))).toEqual(new Set(["access-1-2"]));
  expect(stage.server.requests).toHaveLength(1);
});

test("four sweeping instances refresh two hundred connections once each", async () => {
  const { instances, ...stage } = await openInstances({ count: 4, server: { reuse: "punished" } });
  const ids = await Promise.all(Array.from({ length: 200 }, () => stage.connect()));
  await stage.clock.advance(51 * MINUTE);
  stage.server.always(takes(stage.clock, 3 * SECOND));
  for (const { sweep } of instances) sweep.start();
  await stage.clock.advance(10 * SECOND);
  expect(stage.server.requests).toHaveLength(200);
  expect(stage.server.reuses()).toBe(0);
  const held = await Promise.all(ids.map((id) => stage.held(id)));
  expect(new Set(held.map(({ tokens }) => tokens.generation))).toEqual(new Set([2]));
});

describe("a claim", () => {
  test("is not made for a refresh that is unnecessary", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.refresh(id);
    await stage.refresh(id, { generation: 1 });
    expect(stage.store.calls("claim")).toBe(1);
  });

  test("whose grant did not arrive is granted again, and nobody takes it for a send", async () => {
    const stage = await openInstances();
    const id = await stage.connect();
    stage.a.store.loseAnswer("claim");
    await expect(stage.a.refresh(id)).rejects.toMatchObject({ code: "store_unavailable" });
    expect((await stage.held(id)).lease).toMatchObject({ owner: stage.a.instanceId, unanswered: 1 });
    stage.server.revoke("refresh-1-1");
    await expect(stage.a.refresh(id)).resolves.toEqual({ kind: "ended" });
    expect((await stage.held(id)).connection.diagnosis).toMatchObject({ cause: "unknown" });
    expect(stage.server.requests).toHaveLength(1);
    expect(stage.a.observer.of("refresh.taken_over")).toEqual([]);
  });

  test.each([
    ["that brought tokens", answers(200, { access_token: "a" })],
    ["that failed", answers(503, "")],
    ["of a refused client", answers(401, { error: "invalid_client" })],
  ])("is given back after an exchange %s", async (_, play) => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.script(play);
    await stage.refresh(id);
    expect((await stage.held(id)).lease).toMatchObject({ owner: null, leaseUntil: 0, attemptGeneration: null });
  });

  test("lasts a minute, longer than the longest exchange", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.script(waitsFor(createGate()));
    const refresh = stage.refresh(id);
    await stage.clock.advance(0);
    expect((await stage.held(id)).lease.leaseUntil).toBe(stage.clock.now() + MINUTE);
    await stage.passing(30 * SECOND, refresh);
  });
});
