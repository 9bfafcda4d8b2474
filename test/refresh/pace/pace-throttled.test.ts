import { describe, expect, test } from "vitest";
import { DAY, HOUR, MINUTE, SECOND } from "../../../src/runtime/clock.ts";
import { fixedRandom } from "../../stage/fixed-random.ts";
import { ANSWERED, createPaceStage, drain, refusalOf, THROTTLED, turnOf, type PaceStage } from "./pace-stage.ts";

/** How many turns a client gets in ten seconds while many wait, after it has used up what may come at once. */
async function perTenSeconds(stage: PaceStage, options: { clientId?: string } = {}): Promise<number> {
  for (let count = 0; count < 10; count++) void stage.ask({ key: "first", ...options });
  await stage.clock.advance(10 * SECOND);
  const asked = Array.from({ length: 200 }, () => stage.ask({ key: "then", patienceMs: HOUR, ...options }));
  const from = stage.clock.monotonic();
  await stage.clock.advance(10 * SECOND);
  const served = asked.filter(({ at }) => at !== undefined && at > from).length;
  await stage.clock.advance(HOUR);
  return served;
}

async function throttle(stage: PaceStage, clientId: string): Promise<void> {
  (await stage.turn({ clientId })).done(THROTTLED);
}

describe("a throttled client", () => {
  test("pauses as long as the server asks for", async () => {
    const stage = createPaceStage();
    (await stage.turn()).done({ kind: "throttled", retryAfterMs: 20_000 });
    const asked = [stage.ask(), stage.ask()];
    await stage.clock.advance(19_999);
    expect(asked.map(({ at }) => at)).toEqual([undefined, undefined]);
    await stage.clock.advance(10_000);
    expect(asked.map(({ at }) => at)).toEqual([20_000, 20_200]);
  });

  test("pauses for a day at most", async () => {
    const stage = createPaceStage();
    (await stage.turn()).done({ kind: "throttled", retryAfterMs: 365 * DAY });
    expect(await stage.refusal()).toMatchObject({ until: stage.start + DAY });
    const asked = stage.ask({ patienceMs: Infinity });
    await stage.clock.advance(2 * DAY);
    expect(asked.at).toBe(DAY);
  });

  test.each([
    [0, null, 1_000],
    [0.5, null, 1_250],
    [0.999_999_999, null, 1_500],
    [0.5, 0, 1_250],
    [0.5, 1_249, 1_250],
    [0.5, 1_251, 1_251],
  ])(
    "pauses a second or a little longer if the server asks for less (chance %d, asked %s)",
    async (chance, retryAfterMs, until) => {
      const stage = createPaceStage({}, fixedRandom(chance));
      (await stage.turn()).done({ kind: "throttled", retryAfterMs });
      const asked = stage.ask();
      await stage.clock.advance(10_000);
      expect(asked.at).toBe(until);
    },
  );

  test("pauses twice as long each time in a row, up to a minute, until a request is taken", async () => {
    const stage = createPaceStage({}, fixedRandom(0));
    const pauses: number[] = [];
    for (let count = 0; count < 9; count++) {
      const [from, asked] = [stage.clock.monotonic(), stage.ask({ patienceMs: HOUR })];
      await stage.clock.advance(HOUR);
      pauses.push((asked.at ?? 0) - from);
      turnOf(asked.answer).done(count === 7 ? ANSWERED : THROTTLED);
    }
    expect(pauses.map((pause) => pause / SECOND)).toEqual([0, 1, 2, 4, 8, 16, 32, 60, 0]);
  });

  test("counts what was under way together as once", async () => {
    const stage = createPaceStage({}, fixedRandom(0));
    for (const turn of await drain(stage, {}, 5)) turn.done(THROTTLED);
    const asked = stage.ask();
    await stage.clock.advance(MINUTE);
    expect(asked.at).toBe(SECOND);
  });

  test("keeps the longest pause that was asked for", async () => {
    const stage = createPaceStage();
    const turns = await drain(stage, {}, 3);
    for (const [index, retryAfterMs] of [5_000, 60_000, null].entries())
      turns[index]?.done({ kind: "throttled", retryAfterMs });
    const asked = stage.ask();
    await stage.clock.advance(HOUR);
    expect(asked.at).toBe(60_000);
  });

  test("goes on at half the rate", async () => {
    const stage = createPaceStage();
    (await stage.turn()).done(THROTTLED);
    expect(await perTenSeconds(stage)).toBe(50);
  });

  test("is at half the rate however many of the requests under way were throttled", async () => {
    const stage = createPaceStage();
    const turns = await drain(stage);
    for (const turn of turns) {
      turn.done(THROTTLED);
      await stage.clock.advance(SECOND);
    }
    expect(await perTenSeconds(stage)).toBe(50);
  });

  test("is at a quarter when the half is too much as well", async () => {
    const stage = createPaceStage();
    (await stage.turn()).done(THROTTLED);
    await stage.clock.advance(1_250);
    (await stage.turn()).done(THROTTLED);
    expect(await perTenSeconds(stage)).toBe(25);
  });

  test("gets no more than its rate however often its pauses end", async () => {
    const stage = createPaceStage();
    const turns: number[] = [];
    const to = { host: "as.example", clientId: "cli_a", limits: { perSecond: 10, concurrent: 5 } };
    for (let count = 0; count < 12; count++) {
      const asked = stage.ask({ limits: to.limits });
      await stage.clock.advance(HOUR);
      turnOf(asked.answer).done(THROTTLED);
      const next = stage.ask({ limits: to.limits });
      const from = stage.clock.monotonic();
      await stage.clock.advance(HOUR);
      turns.push((next.at ?? 0) - from);
      turnOf(next.answer).done(THROTTLED);
    }
    expect(turns.every((wait) => wait >= 1_250)).toBe(true);
    const last = [stage.ask(), stage.ask()];
    await stage.clock.advance(HOUR);
    expect((last[1]?.at ?? 0) - (last[0]?.at ?? 0)).toBe(10_000);
  });

  test("finds back to its rate by being answered, a twentieth in five seconds", async () => {
    const stage = createPaceStage();
    (await stage.turn()).done(THROTTLED);
    for (let step = 0; step < 10; step++) {
      await stage.clock.advance(5 * SECOND);
      (await stage.turn()).done(ANSWERED);
    }
    expect(await perTenSeconds(stage)).toBe(100);
    for (const { perSecond } of stage.observer.of("pace.throttled")) expect(perSecond).toBe(5);
  });

  test("does not find back by what was sent before", async () => {
    const stage = createPaceStage();
    const [first, second] = await drain(stage, {}, 2);
    first?.done(THROTTLED);
    await stage.clock.advance(MINUTE);
    second?.done(ANSWERED);
    expect(await perTenSeconds(stage)).toBe(50);
  });

  test("is reported, with the rates that follow", async () => {
    const stage = createPaceStage();
    (await stage.turn()).done({ kind: "throttled", retryAfterMs: 7_000 });
    (await stage.turn({ clientId: "cli_b" })).done(THROTTLED);
    expect(stage.observer.events).toEqual([
      {
        name: "pace.throttled",
        fields: { host: "as.example", clientId: "cli_a", retryAfterMs: 7_000, perSecond: 5, hostPerSecond: 10 },
      },
      {
        name: "pace.throttled",
        fields: { host: "as.example", clientId: "cli_b", retryAfterMs: null, perSecond: 5, hostPerSecond: 5 },
      },
    ]);
  });

  test("tells those at once whose patience ends before the pause, and the others keep waiting", async () => {
    const stage = createPaceStage({ concurrent: 1 });
    const turn = await stage.turn();
    const patient = stage.ask({ patienceMs: 30_000 });
    const impatient = stage.ask({ patienceMs: 29_999 });
    await stage.clock.advance(10_000);
    turn.done({ kind: "throttled", retryAfterMs: 20_000 });
    await stage.clock.advance(0);
    expect(refusalOf(impatient.answer)).toMatchObject({ cause: "provider_rate_limited", until: stage.start + 30_200 });
    expect(patient.answer).toBeUndefined();
    await stage.clock.advance(20_000);
    expect(patient.at).toBe(30_000);
  });

  test("refuses at once whoever would not wait that long, and says when to come back", async () => {
    const stage = createPaceStage();
    (await stage.turn()).done({ kind: "throttled", retryAfterMs: 20_000 });
    await stage.clock.advance(4_000);
    expect(await stage.refusal({ patienceMs: 15_999 })).toEqual({
      kind: "no_turn",
      cause: "provider_rate_limited",
      until: stage.start + 20_000,
    });
    const asked = stage.ask({ patienceMs: 16_000 });
    await stage.clock.advance(16_000);
    expect(turnOf(asked.answer).kind).toBe("turn");
  });

  test("does not stop the other clients of its host, not those who wait either", async () => {
    const stage = createPaceStage();
    const turn = await stage.turn();
    await drain(stage, { clientId: "cli_b" }, 4);
    for (let count = 0; count < 5; count++) stage.ask({ key: "a", priority: "recovery" });
    for (let count = 0; count < 5; count++) stage.ask({ key: "b", clientId: "cli_b", priority: "ahead" });
    turn.done({ kind: "throttled", retryAfterMs: MINUTE });
    await stage.clock.advance(500);
    expect(stage.served).toEqual(["b", "b", "b", "b", "b"]);
    await stage.clock.advance(MINUTE + SECOND);
    expect(stage.served).toHaveLength(10);
  });

  test("keeps its place when its pause is over", async () => {
    const stage = createPaceStage();
    (await stage.turn()).done(THROTTLED);
    stage.ask({ key: "a", priority: "caller" });
    await stage.clock.advance(1_200);
    await drain(stage, { clientId: "cli_b" });
    for (let count = 0; count < 3; count++) stage.ask({ key: "b", clientId: "cli_b", priority: "caller" });
    await stage.clock.advance(200);
    expect(stage.served).toEqual(["a", "b"]);
  });

  test("does not pause at another host", async () => {
    const stage = createPaceStage();
    (await stage.turn()).done({ kind: "throttled", retryAfterMs: MINUTE });
    expect((await stage.turn({ host: "other.example" })).kind).toBe("turn");
  });
});

describe("a host with two throttled clients", () => {
  test("goes on at half its rate for all of them", async () => {
    const stage = createPaceStage();
    await throttle(stage, "cli_a");
    await stage.clock.advance(10 * SECOND);
    await throttle(stage, "cli_b");
    expect(await perTenSeconds(stage, { clientId: "cli_c" })).toBe(50);
  });

  test("goes on at its rate if they were throttled more than ten seconds apart", async () => {
    const stage = createPaceStage();
    await throttle(stage, "cli_a");
    await stage.clock.advance(10 * SECOND + 1);
    await throttle(stage, "cli_b");
    expect(await perTenSeconds(stage, { clientId: "cli_c" })).toBe(100);
  });

  test("goes on at its rate if it was one client twice", async () => {
    const stage = createPaceStage();
    await throttle(stage, "cli_a");
    await stage.clock.advance(2 * SECOND);
    await throttle(stage, "cli_a");
    expect(await perTenSeconds(stage, { clientId: "cli_c" })).toBe(100);
  });

  test("halves once for requests that were under way together", async () => {
    const stage = createPaceStage();
    const turns = [];
    for (const clientId of ["cli_a", "cli_b", "cli_c", "cli_d"]) turns.push(await stage.turn({ clientId }));
    for (const turn of turns) turn.done(THROTTLED);
    expect(stage.observer.of("pace.throttled").map(({ hostPerSecond }) => hostPerSecond)).toEqual([10, 5, 5, 5]);
  });

  test("finds back by being answered, whichever client it is", async () => {
    const stage = createPaceStage();
    await throttle(stage, "cli_a");
    await throttle(stage, "cli_b");
    for (let step = 0; step < 10; step++) {
      await stage.clock.advance(5 * SECOND);
      (await stage.turn({ clientId: `cli_${step}` })).done(ANSWERED);
    }
    expect(await perTenSeconds(stage, { clientId: "cli_z" })).toBe(100);
  });

  test("does not concern another host", async () => {
    const stage = createPaceStage();
    await throttle(stage, "cli_a");
    (await stage.turn({ clientId: "cli_b", host: "other.example" })).done(THROTTLED);
    expect(stage.observer.of("pace.throttled").map(({ hostPerSecond }) => hostPerSecond)).toEqual([10, 10]);
  });
});
