import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPace } from "../../../src/refresh/pace/create-pace.ts";
import { PRIORITIES } from "../../../src/refresh/pace/pace.ts";
import type { Clock } from "../../../src/runtime/clock.ts";
import { createCollectingObserver } from "../../stage/collecting-observer.ts";
import { fixedRandom } from "../../stage/fixed-random.ts";
import { createManualClock } from "../../stage/manual-clock.ts";
import { createSeededRandom } from "../../stage/seeded-random.ts";
import {
  ANSWERED,
  createPaceStage,
  drain,
  THROTTLED,
  turnOf,
  UNUSED,
  type Asked,
  type PaceStage,
} from "./pace-stage.ts";

/** When each of them got its answer. */
function times(asked: Asked[]): (number | undefined)[] {
  return asked.map(({ at }) => at);
}

function askTimes(stage: PaceStage, count: number, options: Parameters<PaceStage["ask"]>[0] = {}): Asked[] {
  return Array.from({ length: count }, () => stage.ask(options));
}

/** A hundredth of a millisecond between two looks, as on a real machine. */
function tickingClock(): Clock {
  const clock = createManualClock();
  let ticks = 0;
  return { ...clock, monotonic: () => clock.monotonic() + ++ticks / 100 };
}

describe("the rate of a host", () => {
  test("lets half a second's turns go at once, and then as many a second as the host takes", async () => {
    const stage = createPaceStage();
    const asked = askTimes(stage, 9);
    await stage.clock.advance(10_000);
    expect(times(asked)).toEqual([0, 0, 0, 0, 0, 100, 200, 300, 400]);
  });

  test("is shared by its clients", async () => {
    const stage = createPaceStage();
    const asked = ["a", "b", "c", "d", "e", "f", "g"].map((clientId) => stage.ask({ clientId }));
    await stage.clock.advance(10_000);
    expect(times(asked)).toEqual([0, 0, 0, 0, 0, 100, 200]);
  });

  test("may be less than one a second", async () => {
    const stage = createPaceStage({ perSecond: 0.5 });
    const asked = askTimes(stage, 3);
    await stage.clock.advance(10_000);
    expect(times(asked)).toEqual([0, 2_000, 4_000]);
  });

  test("gives what is free at once though time passes while it looks", async () => {
    const pace = createPace({ clock: tickingClock(), random: fixedRandom(0.5), observer: createCollectingObserver() });
    const limits = { perSecond: 10, concurrent: 3 };
    for (let count = 0; count < 5; count++) {
      const turn = await pace.turn("con", { host: "as.example", clientId: `cli_${count}`, limits }, "ahead", 0);
      turnOf(turn).done(ANSWERED);
    }
    expect((await pace.turn("con", { host: "as.example", clientId: "cli_0", limits }, "caller", 0)).kind).toBe(
      "no_turn",
    );
  });

  test("follows the limits of the latest request", async () => {
    const stage = createPaceStage();
    await drain(stage);
    const asked = [stage.ask({ limits: { perSecond: 0.1 } }), stage.ask({ limits: { perSecond: 2 } })];
    await stage.clock.advance(60_000);
    expect(times(asked)).toEqual([500, 1_000]);
  });

  test("follows the limits of a request that gets no turn as well", async () => {
    const stage = createPaceStage();
    await drain(stage);
    const asked = stage.ask({ limits: { perSecond: 0.1 } });
    await stage.refusal({ limits: { perSecond: 2 }, patienceMs: 0 });
    await stage.clock.advance(60_000);
    expect(asked.at).toBe(500);
  });

  test("lets nobody sleep who does not have to wait", async () => {
    const stage = createPaceStage();
    for (let count = 0; count < 100; count++) {
      for (const turn of [await stage.turn(), await stage.turn({ clientId: "cli_b" })]) turn.done(ANSWERED);
      await stage.clock.advance(200);
    }
    expect(stage.sleeps()).toBe(0);
  });

  test("lets one sleep for all who wait", async () => {
    const stage = createPaceStage();
    await drain(stage);
    askTimes(stage, 50);
    expect(stage.sleeps()).toBe(1);
    await stage.clock.advance(1_000);
    expect(stage.served).toHaveLength(10);
    expect(stage.sleeps()).toBe(11);
  });

  test("does not count turns that were not used", async () => {
    const stage = createPaceStage({ concurrent: 1 });
    for (let count = 0; count < 20; count++) (await stage.turn()).done(UNUSED);
    const [turn] = await drain(stage, {}, 1);
    turn?.done(ANSWERED);
    expect(stage.sleeps()).toBe(0);
  });

  test("is not exceeded in any second, whoever comes when", async () => {
    const arrival = fc.record({
      pause: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 400 })),
      clientId: fc.constantFrom("a", "b", "c"),
      priority: fc.constantFrom(...PRIORITIES),
      takes: fc.integer({ min: 0, max: 300 }),
    });
    const rates = fc.constantFrom(1, 3, 10, 25);
    await fc.assert(
      fc.asyncProperty(rates, fc.array(arrival, { minLength: 10, maxLength: 50 }), async (perSecond, arrivals) => {
        const stage = createPaceStage({ perSecond }, createSeededRandom());
        const asked: Asked[] = [];
        for (const { pause, takes, ...options } of arrivals) {
          if (pause > 0) await stage.clock.advance(pause);
          const request = stage.ask(options);
          asked.push(request);
          void stage.clock.sleep(takes).then(() => request.answer?.kind === "turn" && request.answer.done(ANSWERED));
        }
        await stage.clock.advance(120_000);
        const at = asked.map((request) => request.at ?? Infinity).toSorted((a, b) => a - b);
        expect(at.at(-1)).toBeLessThan(Infinity);
        const most = Math.max(1, perSecond / 2) + perSecond;
        for (const from of at)
          expect(at.filter((time) => time >= from && time <= from + 1_000).length).toBeLessThanOrEqual(most);
      }),
      { numRuns: 25 },
    );
  });
});

describe("this instance's share", () => {
  test("divides the rates of all hosts, known and new, at once", async () => {
    const stage = createPaceStage();
    await drain(stage);
    await drain(stage, { host: "other.example" });
    stage.pace.setShare(0.2);
    const asked = ["as.example", "other.example", "new.example", "new.example"].map((host) => stage.ask({ host }));
    await stage.clock.advance(10_000);
    expect(times(asked)).toEqual([500, 500, 0, 500]);
  });

  test("is what a client begins with that comes later", async () => {
    const stage = createPaceStage();
    await stage.turn();
    stage.pace.setShare(0.5);
    (await stage.turn({ clientId: "cli_b" })).done(THROTTLED);
    expect(stage.observer.of("pace.throttled")).toMatchObject([{ perSecond: 2.5, hostPerSecond: 5 }]);
  });

  test("costs nothing to be told again", async () => {
    const stage = createPaceStage();
    await stage.turn();
    stage.pace.setShare(0.5);
    const before = stage.readings();
    stage.pace.setShare(0.5);
    expect(stage.readings()).toBe(before);
  });

  test("serves those who wait sooner when it grows", async () => {
    const stage = createPaceStage();
    stage.pace.setShare(0.1);
    await drain(stage, {}, 1);
    const asked = askTimes(stage, 3);
    await stage.clock.advance(500);
    stage.pace.setShare(1);
    await stage.clock.advance(10_000);
    expect(times(asked)).toEqual([550, 650, 750]);
  });

  test("makes those who wait wait longer when it shrinks", async () => {
    const stage = createPaceStage();
    await drain(stage);
    const asked = askTimes(stage, 2);
    await stage.clock.advance(50);
    stage.pace.setShare(0.1);
    await stage.clock.advance(10_000);
    expect(times(asked)).toEqual([550, 1_550]);
  });

  test("does not divide how many may be under way", async () => {
    const stage = createPaceStage({ concurrent: 3 });
    stage.pace.setShare(0.5);
    const asked = askTimes(stage, 4);
    await stage.clock.advance(10_000);
    expect(times(asked)).toEqual([0, 0, 100, undefined]);
  });

  test("leaves nobody waiting for ever who came while it was nothing", async () => {
    const stage = createPaceStage();
    await drain(stage);
    stage.pace.setShare(0);
    const refused = stage.ask();
    const asked = stage.ask({ patienceMs: Infinity });
    await stage.clock.advance(1_000);
    expect(refused.answer).toEqual({
      kind: "no_turn",
      cause: "provider_rate_limited",
      until: stage.start + 24 * 3_600_000,
    });
    expect(asked.answer).toBeUndefined();
    stage.pace.setShare(1);
    await stage.clock.advance(1_000);
    expect(asked.at).toBe(1_100);
  });
});

describe("requests under way", () => {
  test("are never more than the host takes at once", async () => {
    const stage = createPaceStage({ concurrent: 3 });
    const asked = askTimes(stage, 5);
    await stage.clock.advance(60_000);
    expect(times(asked)).toEqual([0, 0, 0, undefined, undefined]);
    turnOf(asked[1]?.answer).done(ANSWERED);
    await stage.clock.advance(1_000);
    expect(times(asked)).toEqual([0, 0, 0, 60_000, undefined]);
  });

  test("are counted over all clients", async () => {
    const stage = createPaceStage({ concurrent: 2 });
    const asked = ["a", "b", "c"].map((clientId) => stage.ask({ clientId }));
    await stage.clock.advance(1_000);
    expect(times(asked)).toEqual([0, 0, undefined]);
  });

  test("end once, however often it is said", async () => {
    const stage = createPaceStage({ concurrent: 2 });
    const asked = askTimes(stage, 5);
    await stage.clock.advance(0);
    const turn = turnOf(asked[0]?.answer);
    turn.done(ANSWERED);
    turn.done({ kind: "failed" });
    turn.done(ANSWERED);
    await stage.clock.advance(5_000);
    expect(stage.served).toHaveLength(3);
  });

  test("do not hold up another host, even if none of them ever ends", async () => {
    const stage = createPaceStage({ concurrent: 2 });
    askTimes(stage, 500, { host: "hung.example" });
    for (let count = 0; count < 20; count++) {
      await stage.clock.advance(100);
      (await stage.turn({ host: "well.example", key: "well" })).done(ANSWERED);
    }
    expect(stage.served.filter((key) => key === "well")).toHaveLength(20);
  });

  test("are never more than the host takes, whoever comes when", async () => {
    const arrival = fc.record({ pause: fc.nat(200), takes: fc.nat(2_000), clientId: fc.constantFrom("a", "b") });
    const ends = fc.constantFrom("answered", "throttled", "unused");
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.tuple(arrival, ends), { maxLength: 30 }),
        async (concurrent, arrivals) => {
          const stage = createPaceStage({ concurrent });
          let underWay = 0;
          let most = 0;
          async function exchange(clientId: string, takes: number, end: (typeof arrivals)[number][1]): Promise<void> {
            const to = { host: "as.example", clientId, limits: { perSecond: 10, concurrent } };
            const turn = turnOf(await stage.pace.turn("con", to, "caller", Infinity));
            most = Math.max(most, ++underWay);
            await stage.clock.sleep(takes);
            underWay--;
            turn.done(end === "throttled" ? { kind: end, retryAfterMs: null } : { kind: end });
          }
          const exchanges: Promise<void>[] = [];
          for (const [{ pause, takes, clientId }, end] of arrivals) {
            await stage.clock.advance(pause);
            exchanges.push(exchange(clientId, takes, end));
          }
          await stage.clock.advance(3_600_000);
          await Promise.all(exchanges);
          expect(most).toBeLessThanOrEqual(concurrent);
        },
      ),
      { numRuns: 30 },
    );
  });
});
