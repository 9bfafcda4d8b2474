import { expect, test, vi } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { codeOf } from "../../src/runtime/service-error.ts";
import { createInstance, openEngineStage } from "../stage/engine-stage.ts";
import { answers, rejectsWith } from "../stage/plays.ts";
import { sentTo } from "./outcome.ts";

// They are short, but the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

test("nango-60k-failed-refreshes-one-connection: a dead connection costs one request, a failing provider a few an hour", async () => {
  const dead = await openEngineStage();
  const deadId = await dead.connect();
  await dead.clock.leap(HOUR);
  dead.server.always(answers(400, { error: "invalid_grant" }));
  const heard = new Set<string>();
  for (let call = 0; call < 10_000; call++) await dead.read(deadId).catch((error: unknown) => heard.add(codeOf(error)));
  expect([...heard]).toEqual(["reauthorization_required"]);
  expect(dead.server.requests).toHaveLength(1);

  const failing = await openEngineStage();
  const failingId = await failing.connect();
  await failing.clock.leap(HOUR);
  failing.server.always(answers(500, { error: "server_error" }));
  for (let second = 0; second < 1800; second++) {
    const asked = failing.server.requests.length;
    const isWaiting = (await failing.held(failingId)).lease.backoffUntil > failing.clock.now();
    await expect(failing.read(failingId)).rejects.toMatchObject({
      code: "provider_unavailable",
      facts: { retryAfterMs: expect.any(Number) },
    });
    expect(failing.server.requests.length - asked).toBeLessThanOrEqual(isWaiting ? 0 : 1);
    await failing.clock.leap(SECOND);
  }
  // A few soon, and then one in about five minutes.
  expect(failing.server.requests.length).toBeGreaterThan(5);
  expect(failing.server.requests.length).toBeLessThan(30);
});

test("permanent-error-retried-five-times-a-second-apart: a rejection in proper form is believed the first time", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const id = await stage.connect();
  stage.server.always(answers(400, '{"error":"invalid_grant","error_description":"Stale token"}'));
  await stage.clock.leap(HOUR);
  stage.sweep.start();
  await expect(stage.read(id)).rejects.toMatchObject({ code: "reauthorization_required" });
  await stage.clock.advance(MINUTE);
  expect(sentTo(stage.server)).toEqual(["refresh-1-1"]);
  expect((await stage.held(id)).connection.status).toBe("reauthorization_required");

  // Where a second send does no harm there is one more, a little later, in case the first was wrong.
  const lenient = await openEngineStage({ server: { rotation: false } });
  const lenientId = await lenient.connect();
  lenient.server.revoke("refresh-1-1");
  await lenient.passing(MINUTE, lenient.refresh(lenientId));
  expect(lenient.server.requests).toHaveLength(2);
});

test("refresh-loop-due-set-retries-every-60s: ten restarts in ten minutes ask no more often than none", async () => {
  const stage = await openEngineStage();
  stage.server.always(rejectsWith(400, { error: "invalid_grant" }));
  const [dead, waiting] = [await stage.connect(), await stage.connect()];
  await stage.clock.leap(51 * MINUTE);
  stage.server.revoke("refresh-1-1");
  await stage.refresh(dead);
  stage.server.script(answers(503, "", 15 * MINUTE));
  await stage.refresh(waiting);
  for (let restart = 0; restart < 10; restart++) {
    const instance = createInstance(stage);
    instance.sweep.start();
    await stage.clock.advance(MINUTE);
    await instance.sweep.stop();
  }
  expect(sentTo(stage.server)).toEqual(["refresh-1-1", "refresh-2-1"]);
  expect((await stage.held(waiting)).lease.failures).toBe(1);
  // The wait that was asked for ends for the last of them as it would have for the first.
  const last = createInstance(stage);
  last.sweep.start();
  await stage.clock.advance(6 * MINUTE);
  await last.sweep.stop();
  expect(sentTo(stage.server)).toEqual(["refresh-1-1", "refresh-2-1", "refresh-2-1"]);
});

// The API at the old address refuses every token, so a refresh can never help there.
test("salesforce-instance-url-changed-refresh-loop: a token that is refused as soon as it is there is not replaced again", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const id = await stage.connect();
  await stage.read(id);
  await expect(stage.rejected(id, 1)).resolves.toMatchObject({ generation: 2 });
  for (let call = 0; call < 50; call++) {
    await expect(stage.rejected(id, 2)).rejects.toMatchObject({
      code: "api_rejects_fresh_token",
      facts: { whoActs: "operator" },
    });
    await stage.clock.advance(SECOND);
  }
  expect(sentTo(stage.server)).toEqual(["refresh-1-1"]);
  // It is as good as any for whoever knows the new address.
  await expect(stage.read(id)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
  expect(stage.server.acceptsAccess("access-1-2")).toBe(true);
});
