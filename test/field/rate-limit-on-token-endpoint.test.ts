import { expect, test, vi } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage } from "../stage/engine-stage.ts";
import { answer, answers } from "../stage/plays.ts";
import { expectHealthy, expectNoReuse } from "./outcome.ts";
import { limit } from "./limit.ts";

// They are short, but the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

const TOO_MANY =
  '{"errors":[{"message":"Too many attempts try again in 20 minutes","errorType":"TooManyRequestsError"}]}';
const PER_MINUTE = 5;

test("ghost-token-endpoint-limited-5-per-hour-per-ip: a server's limit is kept by all connections together, and its refusal of one delays the others", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished", lifetimeSeconds: 7200 } });
  await limit(stage, { per_second: PER_MINUTE / 60, concurrent: 1 });
  const taken: number[] = [];
  stage.server.always((act) => {
    const now = stage.clock.now();
    if (taken.filter((at) => at > now - MINUTE).length >= PER_MINUTE) return answer(429, TOO_MANY);
    taken.push(now);
    return act();
  });
  const ids = await Promise.all(Array.from({ length: 100 }, () => stage.connect()));
  const endAt = stage.clock.now() + 2 * HOUR;
  await stage.clock.leap(97 * MINUTE);
  stage.sweep.start();
  await stage.clock.advance(23 * MINUTE);
  expect(taken).toHaveLength(ids.length);
  expect(Math.max(...taken)).toBeLessThan(endAt);
  expect(stage.observer.of("pace.throttled")).toEqual([]);
  for (const id of ids) await expectHealthy(stage, id);
  expectNoReuse(stage.server);

  const refusing = await openEngineStage({ server: { reuse: "punished" } });
  await limit(refusing, { per_second: 5, concurrent: 1 });
  const others = await Promise.all(Array.from({ length: 10 }, () => refusing.connect()));
  refusing.server.script(answers(429, TOO_MANY, 5 * MINUTE));
  await refusing.clock.leap(51 * MINUTE);
  refusing.sweep.start();
  await refusing.clock.advance(4 * MINUTE);
  expect(refusing.server.requests).toHaveLength(1);
  await refusing.clock.leap(MINUTE);
  await refusing.clock.advance(30 * SECOND);
  expect(refusing.server.requests).toHaveLength(1 + others.length);
  for (const id of others) await expectHealthy(refusing, id);
});

// Each request that is refused extends the refusal.
test("retry-on-429-extends-rate-limit: a refusal is heeded by all connections of the client, for as long as it says, or ever longer where it says nothing", async () => {
  // Three are under way at once before the first is refused.
  const asked = [
    ["in seconds", 5 * MINUTE, 3],
    ["in no words that anybody can read", null, 12],
  ] as const;
  for (const [how, retryAfterMs, most] of asked) {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    await limit(stage);
    const ids = await Promise.all(Array.from({ length: 20 }, () => stage.connect()));
    let refusedUntil = stage.clock.now() + 50 * MINUTE;
    stage.server.always((act) => {
      if (stage.clock.now() >= refusedUntil) return act();
      refusedUntil = Math.max(refusedUntil, stage.clock.now() + MINUTE);
      return answer(429, "", retryAfterMs);
    });
    await stage.clock.leap(45 * MINUTE);
    stage.sweep.start();
    await stage.clock.advance(5 * MINUTE - SECOND);
    const refused = stage.server.requests.length;
    expect([how, refused > 0, refused <= most]).toEqual([how, true, true]);
    await stage.clock.advance(10 * MINUTE);
    for (const id of ids) await expectHealthy(stage, id);
    expect(stage.server.reuses()).toBe(0);
  }
});
