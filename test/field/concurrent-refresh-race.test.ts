import { expect, test, vi } from "vitest";
import type { AccessToken } from "../../src/refresh/access-token.ts";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { createInstance, openEngineStage, openInstances } from "../stage/engine-stage.ts";
import { answers, rejectsWith, takes } from "../stage/plays.ts";
import type { ServerBehaviour } from "../stage/simulated-authorization-server.ts";
import { distinct, expectHealthy, expectNoReuse, sentTo } from "./outcome.ts";

// They are short, but the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

// Two copies of an application share what is stored, and the server answers a second use by revoking everything.
test("two-instances-shared-keychain-family-revoked: fifty callers of two instances within 13 ms send the token once", async () => {
  const { a, b, ...stage } = await openInstances({ server: { reuse: "punished" } });
  const id = await stage.connect();
  await stage.clock.leap(HOUR);
  stage.server.script(takes(stage.clock, 400));
  const reads: Promise<AccessToken>[] = [];
  for (let caller = 0; caller < 50; caller++) {
    reads.push((caller % 2 === 0 ? a : b).read(id));
    if (caller % 4 === 3) await stage.clock.advance(1);
  }
  const tokens = await stage.passing(SECOND, Promise.all(reads));
  expect(tokens).toHaveLength(50);
  expect(distinct(tokens)).toEqual(["access-1-2"]);
  expect(sentTo(stage.server)).toEqual(["refresh-1-1"]);
  // The winner's new token has to live, which it would not after a second use of the first.
  await stage.clock.leap(HOUR);
  await expect(b.read(id)).resolves.toMatchObject({ generation: 3 });
  expectNoReuse(stage.server);
  await expectHealthy(stage, id);
});

test("spring-multi-gateway-instances-openam: three replicas without sticky sessions refresh once an hour", async () => {
  const { instances, ...stage } = await openInstances({ count: 3, server: { reuse: "punished" } });
  const id = await stage.connect();
  stage.server.always(takes(stage.clock, 300));
  for (let hour = 1; hour <= 4; hour++) {
    await stage.clock.leap(HOUR);
    const rounds = Array.from({ length: 10 }, () => instances.map((replica) => replica.read(id)));
    const tokens = await stage.passing(SECOND, Promise.all(rounds.flat()));
    expect(distinct(tokens)).toEqual([`access-1-${hour + 1}`]);
    expect(stage.server.requests).toHaveLength(hour);
  }
  expectNoReuse(stage.server);
  await expectHealthy(stage, id);
});

// A function of a cloud starts for one request with nothing in memory, and is gone afterwards.
test("serverless-requests-serialise-on-stored-token: workers that live for one request take turns at the stored token", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const id = await stage.connect();
  stage.server.always(takes(stage.clock, 200, rejectsWith(400, { error: "invalid_grant" })));
  async function request(): Promise<AccessToken> {
    const worker = createInstance(stage);
    await worker.heartbeat.start();
    const token = await worker.read(id);
    await worker.heartbeat.stop();
    return token;
  }
  for (let round = 1; round <= 3; round++) {
    await stage.clock.leap(HOUR);
    const tokens = await stage.passing(2 * SECOND, Promise.all(Array.from({ length: 12 }, request)));
    expect(distinct(tokens)).toEqual([`access-1-${round + 1}`]);
  }
  expect(sentTo(stage.server)).toEqual(["refresh-1-1", "refresh-1-2", "refresh-1-3"]);
  await expectHealthy(stage, id);
});

/** What a provider sees and twelve callers of two instances get when the token is over. */
async function callsAfterAnHour(server: Partial<ServerBehaviour>) {
  const { a, b, ...stage } = await openInstances({ server });
  const id = await stage.connect();
  await stage.clock.leap(HOUR);
  stage.server.script(takes(stage.clock, 250));
  const calls = Array.from({ length: 12 }, (_, call) => (call < 6 ? a : b).read(id));
  const tokens = await stage.passing(SECOND, Promise.all(calls));
  const { status } = (await stage.held(id)).connection;
  return { sent: sentTo(stage.server), given: distinct(tokens), status };
}

// What a provider forgives hides the race in tests, so both kinds have to see the very same requests.
test("entra-n-parallel-graph-calls-after-hour: a strict and a lenient provider cannot tell the difference", async () => {
  const strict = await callsAfterAnHour({ reuse: "punished" });
  expect(strict).toEqual({ sent: ["refresh-1-1"], given: ["access-1-2"], status: "active" });
  expect(await callsAfterAnHour({ reuse: { windowMs: 10 * MINUTE } })).toEqual(strict);
});

test("workos-refresh-token-already-exchanged: fifty short lives with three readers at once use fifty tokens", async () => {
  const { a, b, ...stage } = await openInstances({ server: { reuse: "punished", lifetimeSeconds: 120 } });
  const id = await stage.connect();
  const alreadyExchanged = { error: "invalid_grant", error_description: "Refresh token already exchanged." };
  stage.server.always(rejectsWith(400, alreadyExchanged));
  for (let cycle = 1; cycle <= 50; cycle++) {
    await stage.clock.leap(120 * SECOND);
    const tokens = await stage.passing(SECOND, Promise.all([a.read(id), a.read(id), b.read(id)]));
    expect(distinct(tokens)).toEqual([`access-1-${cycle + 1}`]);
  }
  expect(stage.server.requests).toHaveLength(50);
  expectNoReuse(stage.server);
  // The same words about a token that only we have: somebody else has used it, and asking again is of no use.
  await stage.clock.leap(120 * SECOND);
  stage.server.script(answers(400, alreadyExchanged));
  await expect(a.read(id)).rejects.toMatchObject({ code: "reauthorization_required" });
  await expect(b.read(id)).rejects.toMatchObject({ code: "reauthorization_required" });
  expect(stage.server.requests).toHaveLength(51);
  const { diagnosis } = (await stage.held(id)).connection;
  expect(diagnosis?.evidence).toMatchObject({ code: "invalid_grant", description: "Refresh token already exchanged." });
});

// A client object that is built anew for each use stands for a new instance each time.
test("xero-client-refreshes-on-every-construction: a hundred new instances in ten seconds find the token good enough", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished", lifetimeSeconds: 1800 } });
  const id = await stage.connect();
  const tokens: AccessToken[] = [];
  for (let construction = 0; construction < 100; construction++) {
    tokens.push(await createInstance(stage).read(id));
    await stage.clock.advance(100);
  }
  expect(distinct(tokens)).toEqual(["access-1-1"]);
  expect(stage.server.requests).toHaveLength(0);
});

// The cron job is the sweep of one instance, the request path the readers of another.
test("xero-cron-and-request-path-both-refresh: a thousand refreshes by sweep and readers use each token once", async () => {
  const { a, b, ...stage } = await openInstances({ server: { reuse: "punished", lifetimeSeconds: 60 } });
  const ids = await Promise.all(Array.from({ length: 20 }, () => stage.connect()));
  stage.server.always(takes(stage.clock, 100, rejectsWith(400, { error: "invalid_grant" })));
  a.sweep.start();
  while (stage.server.requests.length < 1000) {
    const asked = Array.from({ length: 10 }, () => Math.floor(stage.random.fraction() * ids.length));
    const reads = asked.map((index) => b.read(ids[index] ?? ""));
    const tokens = await stage.passing(2000 + Math.floor(stage.random.fraction() * 2000), Promise.all(reads));
    const families = tokens.map(({ accessToken }) => Number(accessToken.reveal().split("-")[1]));
    expect(families).toEqual(asked.map((index) => index + 1));
  }
  expectNoReuse(stage.server);
  for (const id of ids) await expectHealthy(stage, id);
});

// The provider ends the old access token together with the old refresh token, long before its time.
test("box-two-node-instances-a-b: an instance that remembers the dead access token gets the new one without a refresh", async () => {
  const { a, b, instances, ...stage } = await openInstances({
    count: 3,
    server: { reuse: "punished", oneAccessToken: true },
  });
  const id = await stage.connect();
  for (const instance of instances) await instance.read(id);
  await b.refresh(id);
  expect(stage.server.acceptsAccess("access-1-1")).toBe(false);
  const afterRefusal = await a.rejected(id, 1);
  expect([afterRefusal, await a.read(id)].map(({ generation }) => generation)).toEqual([2, 2]);
  // Nobody tells the third instance; what it remembers counts for five seconds.
  await stage.clock.advance(5 * SECOND);
  const tokens = await Promise.all(instances.map((instance) => instance.read(id)));
  expect(distinct(tokens)).toEqual(["access-1-2"]);
  expect(stage.server.acceptsAccess("access-1-2")).toBe(true);
  expect(sentTo(stage.server)).toEqual(["refresh-1-1"]);
});
