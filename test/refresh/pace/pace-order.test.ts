import { describe, expect, test } from "vitest";
import { PRIORITIES } from "../../../src/refresh/pace/pace.ts";
import { HOUR, MINUTE, SECOND } from "../../../src/runtime/clock.ts";
import { ANSWERED, createPaceStage, drain, THROTTLED, turnOf, type PaceStage } from "./pace-stage.ts";

async function crowded(): Promise<PaceStage> {
  const stage = createPaceStage();
  await drain(stage);
  return stage;
}

describe("who is next", () => {
  test("is decided by priority, then by arrival", async () => {
    const stage = await crowded();
    for (const priority of ["ahead", "lapsing", "caller", "recovery"] as const) {
      stage.ask({ key: `${priority} 1`, priority });
    }
    stage.ask({ key: "recovery 2", priority: "recovery", clientId: "cli_b" });
    stage.ask({ key: "caller 2", priority: "caller", clientId: "cli_b" });
    stage.ask({ key: "caller 3", priority: "caller" });
    await stage.clock.advance(MINUTE);
    expect(stage.served).toEqual([
      "recovery 1",
      "recovery 2",
      "caller 1",
      "caller 2",
      "caller 3",
      "lapsing 1",
      "ahead 1",
    ]);
  });

  test("does not depend on how long the lower ones have waited, but for one turn in eight", async () => {
    const stage = await crowded();
    for (let count = 1; count <= 3; count++) stage.ask({ key: `ahead ${count}`, priority: "ahead" });
    for (let count = 1; count <= 20; count++) {
      stage.ask({ key: `caller ${count}`, priority: "caller", clientId: count % 2 === 0 ? "cli_a" : "cli_b" });
    }
    await stage.clock.advance(MINUTE);
    const callers = Array.from({ length: 20 }, (_none, index) => `caller ${index + 1}`);
    expect(stage.served).toEqual([
      ...callers.slice(0, 7),
      "ahead 1",
      ...callers.slice(7, 14),
      "ahead 2",
      ...callers.slice(14),
      "ahead 3",
    ]);
  });

  test("is found for the oldest of one client too", async () => {
    const stage = await crowded();
    stage.ask({ key: "old", priority: "ahead", clientId: "cli_b" });
    stage.ask({ key: "older callers", priority: "caller", clientId: "cli_b" });
    for (let count = 0; count < 12; count++) stage.ask({ key: "caller", priority: "caller" });
    await stage.clock.advance(MINUTE);
    expect(stage.served.indexOf("older callers")).toBe(0);
    expect(stage.served.indexOf("old")).toBe(7);
  });

  test("lets nobody starve under a flood of callers", async () => {
    const stage = await crowded();
    const low = stage.ask({ priority: "ahead" });
    for (let tenth = 0; tenth < 40 && low.at === undefined; tenth++) {
      for (let count = 0; count < 3; count++) stage.ask({ priority: "caller", patienceMs: 5 * SECOND });
      await stage.clock.advance(100);
    }
    expect(low.at).toBe(800);
  });

  test("does not move past those who wait, when a token has just come", async () => {
    const stage = await crowded();
    const first = stage.ask({ clientId: "cli_b" });
    const elapsed = stage.clock.leap(100);
    const second = stage.ask({ clientId: "cli_c" });
    await elapsed;
    expect(first.at).toBe(100);
    expect(second.answer).toBeUndefined();
  });

  test("is in order for ten thousand who wait, at the full rate", async () => {
    const stage = await crowded();
    const expected: string[][] = PRIORITIES.map(() => []);
    for (let count = 0; count < 10_000; count++) {
      const rank = (count * 7) % 4;
      const key = `${rank} ${count}`;
      expected[rank]?.push(key);
      const [priority = "ahead"] = PRIORITIES.slice(rank);
      stage.ask({ key, priority, clientId: `cli_${count % 997}`, limits: { perSecond: 1_000 } });
    }
    await stage.clock.advance(20 * SECOND);
    expect(stage.served).toHaveLength(10_000);
    expect(new Set(stage.served).size).toBe(10_000);
    const early = stage.served.slice(0, 2_800).filter((key) => key.startsWith("0 "));
    expect(early.length).toBeGreaterThanOrEqual(2_450);
    for (const [rank, keys] of expected.entries()) {
      expect(stage.served.filter((key) => key.startsWith(`${rank} `))).toEqual(keys);
    }
  });

  test("costs little for ten thousand clients of one host that all have to pause", async () => {
    const stage = createPaceStage({ perSecond: 1_000_000 });
    const waiting: ReturnType<PaceStage["ask"]>[] = [];
    for (let count = 0; count < 10_000; count++) {
      const clientId = `cli_${count}`;
      (await stage.turn({ clientId })).done({ kind: "throttled", retryAfterMs: MINUTE + count });
      waiting.push(stage.ask({ clientId }));
    }
    await stage.clock.advance(MINUTE - 1);
    expect(waiting.filter(({ at }) => at !== undefined)).toEqual([]);
    await stage.clock.leap(MINUTE);
    expect(waiting.filter(({ at }) => at === undefined)).toEqual([]);
  });
});

describe("raising", () => {
  test("moves somebody before those of lower priority, by arrival among those of its new one", async () => {
    const stage = await crowded();
    stage.ask({ key: "caller 1", priority: "caller" });
    stage.ask({ key: "ahead 1", priority: "ahead" });
    stage.ask({ key: "raised", priority: "ahead", clientId: "cli_b" });
    stage.ask({ key: "caller 2", priority: "caller" });
    stage.pace.raise("raised", "caller");
    await stage.clock.advance(MINUTE);
    expect(stage.served).toEqual(["caller 1", "raised", "caller 2", "ahead 1"]);
  });

  test("never moves anybody back", async () => {
    const stage = await crowded();
    stage.ask({ key: "caller 1", priority: "caller" });
    stage.ask({ key: "caller 2", priority: "caller" });
    stage.pace.raise("caller 1", "ahead");
    stage.pace.raise("caller 1", "caller");
    await stage.clock.advance(MINUTE);
    expect(stage.served).toEqual(["caller 1", "caller 2"]);
  });

  test("moves all who wait under the key, at whatever host", async () => {
    const stage = await crowded();
    await drain(stage, { host: "other.example" });
    for (const host of ["as.example", "other.example"]) {
      stage.ask({ key: "other", priority: "ahead", host });
      stage.ask({ key: "raised", priority: "ahead", host });
      stage.ask({ key: "raised", priority: "ahead", host });
    }
    stage.pace.raise("raised", "recovery");
    await stage.clock.advance(MINUTE);
    expect(stage.served).toEqual(["raised", "raised", "raised", "raised", "other", "other"]);
  });

  test("somebody counts for what others have to expect", async () => {
    const stage = await crowded();
    for (let count = 0; count < 20; count++) stage.ask({ key: `ahead ${count}`, priority: "ahead" });
    await expect(stage.refusal({ patienceMs: 50 })).resolves.toMatchObject({ until: stage.start + 1_000 });
    for (let count = 0; count < 20; count++) stage.pace.raise(`ahead ${count}`, "caller");
    await expect(stage.refusal({ patienceMs: 50 })).resolves.toMatchObject({ until: stage.start + 2_100 });
    const low = { patienceMs: 50, priority: "ahead" } as const;
    await expect(stage.refusal(low)).resolves.toMatchObject({ until: stage.start + 2_100 });
  });

  test("nobody does no harm: one who never waited, has gone or had its turn", async () => {
    const stage = await crowded();
    stage.ask({ key: "gone", patienceMs: 50, priority: "ahead" });
    const served = stage.ask({ key: "served", priority: "ahead" });
    await stage.clock.advance(100);
    for (const key of ["gone", "served", "never"]) stage.pace.raise(key, "recovery");
    turnOf(served.answer).done(ANSWERED);
    const last = stage.ask({ key: "last", priority: "ahead" });
    await stage.clock.advance(MINUTE);
    expect(stage.served).toEqual(["served", "last"]);
    expect(last.at).toBe(200);
  });
});

describe("patience", () => {
  test("that would not be enough is not tried", async () => {
    const stage = await crowded();
    for (let count = 0; count < 30; count++) stage.ask();
    expect(await stage.refusal({ patienceMs: 3_099 })).toEqual({
      kind: "no_turn",
      cause: "provider_rate_limited",
      until: stage.start + 3_100,
    });
    const patient = stage.ask({ patienceMs: 3_100 });
    await stage.clock.advance(3_100);
    expect(turnOf(patient.answer).kind).toBe("turn");
  });

  test("is measured against those who go first only", async () => {
    const stage = await crowded();
    for (let count = 0; count < 10; count++) {
      for (const priority of ["lapsing", "lapsing", "ahead"] as const) stage.ask({ priority });
    }
    const caller = stage.ask({ priority: "caller", patienceMs: 200 });
    expect(await stage.refusal({ priority: "ahead", patienceMs: 3_000 })).toMatchObject({ until: stage.start + 3_200 });
    expect(await stage.refusal({ priority: "lapsing", patienceMs: 0 })).toMatchObject({ until: stage.start + 2_200 });
    stage.ask({ priority: "recovery" });
    expect(await stage.refusal({ priority: "lapsing", patienceMs: 0 })).toMatchObject({ until: stage.start + 2_300 });
    await stage.clock.advance(200);
    expect(turnOf(caller.answer).kind).toBe("turn");
  });

  test("ends on time when those under way take longer than expected", async () => {
    const stage = createPaceStage({ concurrent: 1 });
    await stage.turn();
    const waiting = [stage.ask({ patienceMs: 15_000 }), stage.ask({ patienceMs: 5_000 })];
    await stage.clock.advance(4_999);
    expect(waiting.map(({ at }) => at)).toEqual([undefined, undefined]);
    await stage.clock.advance(60_000);
    expect(waiting.map(({ at }) => at)).toEqual([15_000, 5_000]);
    expect(waiting.map(({ answer }) => answer)).toEqual(
      [15_000, 5_000].map((at) => ({
        kind: "no_turn",
        cause: "provider_rate_limited",
        until: stage.start + at + 1_000,
      })),
    );
  });

  test("that is over takes nobody's turn", async () => {
    const stage = createPaceStage({ concurrent: 1 });
    const first = await stage.turn();
    stage.ask({ key: "gone", patienceMs: 500 });
    stage.ask({ key: "here", patienceMs: 5_000 });
    await stage.clock.advance(1_000);
    first.done(ANSWERED);
    await stage.clock.advance(0);
    expect(stage.served).toEqual(["con_1", "here"]);
  });

  test("of nothing takes a turn that is free, and waits for none", async () => {
    const stage = createPaceStage({ concurrent: 1 });
    const turn = await stage.turn({ patienceMs: 0 });
    expect(await stage.refusal({ patienceMs: 0 })).toMatchObject({ until: stage.start + 1_000 });
    expect(stage.sleeps()).toBe(0);
    turn.done(ANSWERED);
    await stage.turn({ patienceMs: 0 });
  });

  test("that ends in the same instant as the turn comes gets it", async () => {
    const stage = await crowded();
    const asked = stage.ask({ patienceMs: 100 });
    await stage.clock.advance(100);
    expect(turnOf(asked.answer).kind).toBe("turn");
  });

  test("without end leaves nobody asleep while nothing can happen", async () => {
    const stage = createPaceStage({ concurrent: 1 });
    const turn = await stage.turn();
    const asked = stage.ask({ patienceMs: Infinity });
    await stage.clock.advance(24 * HOUR);
    expect(stage.sleeps()).toBe(0);
    turn.done(ANSWERED);
    await stage.clock.advance(0);
    expect(asked.at).toBe(24 * HOUR);
  });

  test("does not count those of a client that pauses, who stand in nobody's way", async () => {
    const stage = createPaceStage();
    const turn = await stage.turn({ clientId: "cli_paused" });
    for (let count = 0; count < 3; count++) await stage.turn();
    turn.done({ kind: "throttled", retryAfterMs: MINUTE });
    for (let count = 0; count < 50; count++) stage.ask({ key: "paused", clientId: "cli_paused" });
    for (let count = 1; count <= 10; count++) stage.ask({ key: "well", patienceMs: count * 100, priority: "ahead" });
    await stage.clock.advance(1_000);
    expect(stage.served.filter((key) => key === "well")).toHaveLength(10);
    expect(stage.served).not.toContain("paused");
  });

  test("of others is not tried when a client is throttled that many wait for", async () => {
    const stage = createPaceStage();
    const turn = await stage.turn({ clientId: "cli_b" });
    await drain(stage, {}, 4);
    for (let count = 0; count < 50; count++) stage.ask({ clientId: "cli_b", priority: "recovery" });
    const other = stage.ask({ priority: "ahead" });
    turn.done(THROTTLED);
    await stage.clock.advance(100);
    expect(other.at).toBe(100);
  });
});
