import { expect, test, vi } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { createLogger, createLogObserver } from "../../src/telemetry/log.ts";
import { openEngineStage, openInstances } from "../stage/engine-stage.ts";
import { answer, takes } from "../stage/plays.ts";
import { limit } from "./limit.ts";
import { distinct, expectHealthy, expectNoReuse } from "./outcome.ts";

// They are short, but the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

// Four requests at once from one machine look like an attack to this server, and it ends everything.
test("burst-refresh-flagged-as-automation: no more than three token requests of an instance are under way at once", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  await limit(stage);
  const ids = await Promise.all(Array.from({ length: 60 }, () => stage.connect()));
  const underWay = { now: 0, most: 0 };
  stage.server.always(async (act) => {
    underWay.most = Math.max(underWay.most, ++underWay.now);
    await stage.clock.sleep(400);
    const isAttack = underWay.now-- > 3;
    return isAttack ? answer(400, { error: "app_session_terminated" }) : act();
  });
  await stage.clock.leap(HOUR);
  stage.sweep.start();
  const reads = ids.slice(0, 20).map((id) => stage.read(id));
  await stage.passing(15 * SECOND, Promise.all(reads));
  expect(underWay.most).toBe(3);
  expect(stage.server.requests).toHaveLength(ids.length);
  for (const id of ids) await expectHealthy(stage, id);
});

test("dashboard-20-charts-refresh-lock-noise: twenty charts wait for one token, and nothing of it is an error", async () => {
  const { a, b, ...stage } = await openInstances({ server: { reuse: "punished" } });
  const id = await stage.connect();
  await stage.clock.leap(HOUR);
  stage.server.script(takes(stage.clock, 5 * SECOND));
  const charts = Array.from({ length: 20 }, (_, chart) => (chart % 2 === 0 ? a : b).read(id));
  const tokens = await stage.passing(6 * SECOND, Promise.all(charts));
  expect(tokens.map(({ refreshState }) => refreshState)).toEqual(Array.from({ length: 20 }, () => "ok"));
  expect(distinct(tokens)).toEqual(["access-1-2"]);
  expect(stage.server.requests).toHaveLength(1);
  const lines: string[] = [];
  const log = createLogObserver(createLogger("warn", { write: (line: string) => void lines.push(line) }));
  const events = [...a.observer.events, ...b.observer.events];
  for (const { name, fields } of events) log.event(name, fields);
  expect(events.map(({ name }) => name)).toContain("refresh.succeeded");
  expect(lines).toEqual([]);
});

function range(values: readonly number[]): number {
  return Math.max(...values) - Math.min(...values);
}

/** How often each of these comes, at the most. */
function most(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return Math.max(...counts.values());
}

test("fleet-provisioned-together-expires-together: two thousand of one hour are spread, and none is handed out expired", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const perSecond = 6;
  await limit(stage, { per_second: perSecond, concurrent: 3 });
  const ids: string[] = [];
  for (let count = 0; count < 2000; count++) ids.push(await stage.connect());
  const provisionedAt = stage.clock.now();
  await stage.clock.leap(43 * MINUTE);
  stage.sweep.start();
  for (let minute = 43; minute < 62; minute++) {
    const id = ids[(minute * 97) % ids.length] ?? "";
    const { expiresAt, accessToken } = await stage.read(id);
    expect(expiresAt).toBeGreaterThan(stage.clock.now());
    expect(stage.server.acceptsAccess(accessToken.reveal())).toBe(true);
    await stage.clock.advance(MINUTE);
  }
  const at = stage.server.requests.map((request) => request.at - provisionedAt);
  expect(at).toHaveLength(ids.length);
  // The bucket lets half a second's worth through at once.
  expect(most(at.map((time) => Math.floor(time / SECOND)))).toBeLessThanOrEqual(1.5 * perSecond);
  expect(Math.max(...at)).toBeLessThan(HOUR);
  expectNoReuse(stage.server);
  // The first time over a tenth of their life, and the next time, drawn anew, over more.
  const dues = await Promise.all(ids.map(async (id) => ((await stage.held(id)).lease.dueAt ?? 0) - provisionedAt));
  expect(range(at)).toBeGreaterThan(0.095 * HOUR);
  expect(range(dues)).toBeGreaterThan(0.18 * HOUR);
});
