import { expect, test } from "vitest";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage } from "../stage/engine-stage.ts";
import { answers, fails } from "../stage/plays.ts";

test("a lost answer that may come yet is waited for when the window for replays has closed meanwhile", async () => {
  const stage = await openEngineStage({ server: { reuse: { windowMs: 30 * SECOND } } });
  const id = await stage.connect();
  stage.server.script(fails("timeout", { sent: true }));
  stage.server.always(answers(502, ""));
  await stage.refresh(id);
  const sentAt = stage.clock.now();
  stage.sweep.start();
  await stage.clock.advance(30 * SECOND);
  const inWindow = stage.server.requests.length;
  expect(inWindow).toBeGreaterThan(2);
  stage.server.always(null);
  // The window, the longest exchange in it, and a minute in which a server may go on with what was given up.
  const quietUntil = sentAt + 100 * SECOND;
  await stage.clock.advance(69 * SECOND);
  await expect(stage.refresh(id, { origin: "reader" })).resolves.toMatchObject({ retryAt: quietUntil });
  expect(stage.server.requests).toHaveLength(inWindow);
  await stage.clock.advance(3 * SECOND);
  const later = stage.server.requests.slice(inWindow).map(({ at }) => at);
  expect(later).toEqual([expect.toSatisfy((at) => at >= quietUntil)]);
  expect(later).toHaveLength(1);
});

test("where a replay is always answered, or never, it is asked for again after a back-off or a minute", async () => {
  for (const [reuse, from, to] of [
    ["until_used", 0, 10 * SECOND],
    ["none", MINUTE, MINUTE + 10 * SECOND],
  ] as const) {
    const stage = await openEngineStage({ server: { reuse } });
    const id = await stage.connect();
    stage.server.script(fails("timeout", { sent: true }));
    await stage.refresh(id);
    const overAt = stage.clock.now();
    stage.sweep.start();
    await stage.clock.advance(2 * MINUTE);
    const [, second] = stage.server.requests;
    expect([reuse, second && second.at - overAt >= from, second && second.at - overAt < to]).toEqual([
      reuse,
      true,
      true,
    ]);
  }
});
