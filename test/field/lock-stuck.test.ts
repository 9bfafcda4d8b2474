import { createServer } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { createTransport } from "../../src/network/transport.ts";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, openInstances } from "../stage/engine-stage.ts";
import { createGate } from "../stage/gate.ts";
import { answer, takes, waitsFor } from "../stage/plays.ts";
import { distinct, expectHealthy, expectNoReuse, sentTo } from "./outcome.ts";

// They are short, but the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

/** Takes requests and never says a word; counts the connections on which one came. */
async function startSilentServer() {
  const seen = { url: "", asked: 0 };
  const server = createServer((socket) => {
    socket.once("data", () => seen.asked++);
    onTestFinished(() => void socket.destroy());
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  seen.url = `http://127.0.0.1:${address.port}/token`;
  return seen;
}

// The provider's host takes the connection and is silent; the real transport asks it, with a deadline that a test can wait for.
test("google-no-timeout-inflight-promise-parks-all: an attempt that was given up is followed by one on a new connection", async () => {
  const silent = await startSilentServer();
  const transport = createTransport({ allowedPrivateHosts: ["127.0.0.1"], proxyFor: () => "" });
  onTestFinished(() => transport.close());
  const stage = await openEngineStage({ server: { rotation: false } });
  const id = await stage.connect();
  stage.server.always(() =>
    transport.send(
      { method: "POST", url: silent.url, headers: {}, body: "grant_type=refresh_token" },
      { deadlineMs: 50 },
    ),
  );
  await stage.clock.leap(HOUR);
  for (let attempt = 1; attempt <= 2; attempt++) {
    const callers = await Promise.all(
      [stage.read(id), stage.read(id)].map((read) => read.catch((error: unknown) => error)),
    );
    for (const heard of callers) expect(heard).toMatchObject({ code: "provider_unavailable" });
    expect(silent.asked).toBe(attempt);
    await stage.clock.leap(MINUTE);
  }
  stage.server.always(null);
  await expect(stage.read(id)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
});

test("nango-in-memory-running-refresh-never-cleared: a request that is never answered does not keep the next from being made", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const id = await stage.connect();
  await stage.clock.leap(HOUR);
  stage.server.script(waitsFor(createGate()));
  await expect(stage.passing(15 * SECOND, stage.read(id))).rejects.toMatchObject({ code: "refresh_timeout" });
  // The exchange is given up after thirty seconds, and the server has a minute to come to an end with it.
  await stage.clock.advance(75 * SECOND);
  await expect(stage.read(id)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
  expect(stage.server.requests).toHaveLength(2);
  await expectHealthy(stage, id);
});

// The longest work under our lease is an exchange of thirty seconds; what takes longer is given up, and the lease outlives both.
test("lock-ttl-shorter-than-work: nobody else sends the token while the one who has the right to is still at it", async () => {
  const { instances, ...stage } = await openInstances({ count: 7, server: { reuse: "punished" } });
  const id = await stage.connect();
  await stage.clock.leap(HOUR);
  stage.server.script(takes(stage.clock, 29 * SECOND));
  const everybody = () => Promise.all(instances.map((instance) => instance.refresh(id, { generation: 1 })));
  const early = everybody();
  await stage.clock.advance(20 * SECOND);
  const results = await stage.passing(11 * SECOND, Promise.all([early, everybody()]));
  expect(new Set(results.flat().map(({ kind }) => kind))).toEqual(new Set(["renewed"]));
  expect(sentTo(stage.server)).toEqual(["refresh-1-1"]);
  await expectHealthy(stage, id);

  // An answer that comes too late for us leaves a token that must not be sent a second time while the first is worked on.
  for (const slowness of [59 * SECOND, 65 * SECOND]) {
    const slow = await openInstances({ count: 3, server: { reuse: "punished" } });
    const slowId = await slow.connect();
    slow.server.script(async (act) => {
      await slow.clock.sleep(slowness);
      return act();
    });
    for (const { sweep } of slow.instances) sweep.start();
    await slow.clock.leap(51 * MINUTE);
    await slow.clock.advance(3 * MINUTE);
    const [first, again, ...more] = slow.server.requests;
    expect(more).toEqual([]);
    expect((again?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(slowness);
    expect((await slow.held(slowId)).connection.diagnosis).toMatchObject({ cause: "rotation_lost" });
  }

  // Whoever comes back after its lease is over changes nothing, and does not give back what another holds.
  const { a, b, ...late } = await openInstances({ server: { reuse: { windowMs: 10 * MINUTE } } });
  const lateId = await late.connect();
  const gate = createGate();
  a.store.hold("commit", gate);
  const paused = a.refresh(lateId);
  await late.clock.advance(0);
  a.link.state = "down";
  await late.clock.advance(65 * SECOND);
  await b.refresh(lateId);
  await b.refresh(lateId);
  late.server.script(takes(late.clock, 10 * SECOND));
  const third = b.refresh(lateId);
  await late.clock.advance(SECOND);
  a.link.state = "up";
  gate.open();
  await late.passing(SECOND, paused);
  expect((await late.held(lateId)).lease.owner).toBe(b.instanceId);
  expect(await late.tokensOf(lateId)).toMatchObject({ generation: 3, refreshToken: "refresh-1-3" });
  await late.passing(10 * SECOND, third);
  expect(await late.tokensOf(lateId)).toMatchObject({ generation: 4, refreshToken: "refresh-1-4" });
});

// The first thousand fail each time they are tried, and they are due before the others.
test("nango-pg-advisory-lock-deadlock-stale-batch: a thousand that fail do not keep five hundred others waiting", async () => {
  const stage = await openEngineStage();
  const failing: string[] = [];
  for (let index = 0; index < 1000; index++) failing.push(await stage.connect());
  await stage.clock.leap(MINUTE);
  const working: string[] = [];
  for (let index = 0; index < 500; index++) working.push(await stage.connect());
  stage.server.always((act) => {
    const family = Number(sentTo(stage.server).at(-1)?.split("-")[1]);
    return family <= failing.length ? answer(400, { error: "internal_failure" }) : act();
  });
  await stage.clock.leap(HOUR);
  stage.sweep.start();
  await stage.clock.advance(4 * SECOND);
  const generations = await Promise.all(working.map(async (id) => (await stage.held(id)).tokens.generation));
  expect(new Set(generations)).toEqual(new Set([2]));
  const { lease } = await stage.held(failing[0] ?? "");
  expect(lease).toMatchObject({ owner: null, cause: "provider_response_unrecognised" });
  expect(lease.dueAt).toBe(lease.backoffUntil);
  expect(lease.dueAt).toBeGreaterThan(stage.clock.now() - 2 * SECOND);
});

test("select-for-update-held-during-http-without-timeout: two hundred callers of a hanging provider keep nobody else waiting", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const [hanging, fresh, due] = [
    await stage.connect({ expiresIn: 0 }),
    await stage.connect(),
    await stage.connect({ expiresIn: 0 }),
  ];
  const gate = createGate();
  stage.server.script(waitsFor(gate));
  const callers = Array.from({ length: 200 }, () => stage.read(hanging));
  await stage.clock.advance(0);
  const before = { claims: stage.store.calls("claim"), at: stage.clock.now() };
  // Neither a living token nor another refresh waits, and reading a living one asks for no right to anything.
  await expect(stage.read(fresh)).resolves.toMatchObject({ generation: 1 });
  expect(stage.store.calls("claim")).toBe(before.claims);
  await expect(stage.read(due)).resolves.toMatchObject({ generation: 2 });
  expect(stage.clock.now()).toBe(before.at);
  gate.open();
  expect(distinct(await Promise.all(callers))).toHaveLength(1);
  expectNoReuse(stage.server);
});

// In the first minute of every hour the provider takes fifteen seconds, and many tokens come due just then.
test("top-of-the-hour-provider-slow-lock-10s: a slow minute leads to no second send, and the next refreshes are spread", async () => {
  const { instances, ...stage } = await openInstances({ server: { reuse: "punished" } });
  const isSlow = () => stage.clock.now() % HOUR < MINUTE;
  stage.server.always((act) => (isSlow() ? takes(stage.clock, 15 * SECOND)(act) : act()));
  await stage.clock.leap(10 * MINUTE);
  const ids = await Promise.all(Array.from({ length: 30 }, () => stage.connect()));
  await stage.clock.leap(50 * MINUTE);
  for (const { sweep } of instances) sweep.start();
  for (let second = 0; second < 30; second++) {
    const tokens = await Promise.all(ids.flatMap((id) => instances.map((instance) => instance.read(id))));
    expect(tokens.map(({ refreshState }) => refreshState)).not.toContain("failing");
    await stage.clock.advance(SECOND);
  }
  expect(stage.server.requests).toHaveLength(ids.length);
  expectNoReuse(stage.server);
  for (const id of ids) await expectHealthy(stage, id);
  const dues = await Promise.all(ids.map(async (id) => (await stage.held(id)).lease.dueAt ?? 0));
  expect(Math.max(...dues) - Math.min(...dues)).toBeGreaterThan(4 * MINUTE);
});
