import { expect, test } from "vitest";
import { createProbes } from "../../src/refresh/probes.ts";
import { DAY, SECOND } from "../../src/runtime/clock.ts";
import { createProbeStore } from "../../src/store/probes.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import type { ConnectOptions } from "../stage/world.ts";

/** Its access token has no end, and nobody reads it. */
const IDLE: ConnectOptions = { expiresIn: null };

/** Lets so many instances look for a while. */
async function look(stage: EngineStage, seconds = 30, instances = 1): Promise<void> {
  const probes = createProbeStore(stage.database);
  const all = Array.from({ length: instances }, () =>
    createProbes({ ...stage.ports, refresher: stage.refresher, probes }),
  );
  for (const each of all) each.start();
  for (let passed = 0; passed < seconds; passed += 10) await stage.clock.advance(10 * SECOND);
  await Promise.all(all.map((each) => each.stop()));
}

function outcomes({ observer }: EngineStage): unknown[] {
  return observer.of("connection.probed").map(({ outcome }) => outcome);
}

// The simulated server's tokens end after an hour unless told; those of the tests live as long as the server says.
const LONG = { server: { lifetimeSeconds: 100 * 24 * 3600 } };

test("an idle connection is proven with the access token that it has, once by several instances, and no refresh is made for it", async () => {
  const stage = await openEngineStage(LONG);
  const id = await stage.connect(IDLE);
  await look(stage);
  await stage.clock.leap(7 * DAY);
  expect(stage.server.userinfoRequests).toEqual([]);
  await look(stage, 30, 3);
  expect(stage.server.userinfoRequests).toEqual(["access-1-1"]);
  expect(outcomes(stage)).toEqual(["accepted"]);
  expect((await stage.held(id)).connection.lastProvenAt).toBeGreaterThan(stage.clock.now() - 60 * SECOND);
  await stage.clock.leap(6 * DAY);
  await look(stage);
  expect(stage.server.userinfoRequests).toHaveLength(1);
  expect(stage.server.requests).toHaveLength(0);
});

test("an access token that has ended is shown to nobody, and not replaced to be shown", async () => {
  const stage = await openEngineStage();
  await stage.connect();
  await stage.clock.leap(8 * DAY);
  await look(stage);
  expect(stage.server.userinfoRequests).toEqual([]);
  expect(stage.server.requests).toHaveLength(0);
});

test("a token that the provider does not know leads to one refresh, and that decides", async () => {
  const stage = await openEngineStage({ server: { ...LONG.server, oneAccessToken: true } });
  const [well, revoked] = [await stage.connect(IDLE), await stage.connect(IDLE)];
  stage.server.revoke("refresh-2-1");
  const { accessToken } = await stage.tokensOf(well);
  await stage.clock.leap(8 * DAY);
  await look(stage);
  expect(accessToken).toBe("access-1-1");
  expect(new Set(outcomes(stage))).toEqual(new Set(["accepted", "refused"]));
  expect((await stage.held(well)).connection.status).toBe("active");
  expect((await stage.held(revoked)).connection.status).toBe("reauthorization_required");
  expect(new Set(stage.server.requests.map(({ form }) => form.get("refresh_token")))).toEqual(new Set(["refresh-2-1"]));
});

test("where there is no refresh token to ask with, a refused access token alone condemns nobody", async () => {
  const stage = await openEngineStage(LONG);
  const id = await stage.connect({ ...IDLE, withoutRefreshToken: true });
  stage.server.revoke("refresh-1-1");
  await stage.clock.leap(8 * DAY);
  await look(stage);
  expect(outcomes(stage)).toEqual(["refused"]);
  expect((await stage.held(id)).connection).toMatchObject({ status: "active", lastProvenAt: null });
});

test("a round asks about so many at most, and goes on in the next", async () => {
  const stage = await openEngineStage(LONG);
  for (let n = 0; n < 50; n++) await stage.connect(IDLE);
  await stage.clock.leap(8 * DAY);
  await look(stage, 10);
  expect(stage.server.userinfoRequests.length).toBeLessThan(50);
  await look(stage, 30);
  expect(new Set(stage.server.userinfoRequests).size).toBe(50);
  expect(stage.server.userinfoRequests).toHaveLength(50);
});
