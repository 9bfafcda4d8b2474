import { describe, expect, test } from "vitest";
import type { Turn } from "../../../src/refresh/pace/pace.ts";
import { MINUTE } from "../../../src/runtime/clock.ts";
import { ANSWERED, createPaceStage, drain, FAILED, THROTTLED, UNUSED, type PaceStage } from "./pace-stage.ts";

function capacities(stage: PaceStage): Record<string, number> {
  return Object.fromEntries(stage.pace.capacities());
}

async function failing(stage: PaceStage): Promise<Turn | undefined> {
  const [late, ...turns] = await drain(stage);
  await stage.clock.advance(100);
  for (const turn of [...turns, await stage.turn()]) turn.done(FAILED);
  return late;
}

describe("the capacity for a client's requests", () => {
  test("is not known of a client that was never here", () => {
    expect(capacities(createPaceStage())).toEqual({});
  });

  test("is what would have its turn within two seconds", async () => {
    const stage = createPaceStage();
    (await stage.turn()).done(UNUSED);
    expect(capacities(stage)).toEqual({ cli_a: 21 });
    stage.pace.setShare(0.26);
    expect(capacities(stage)).toEqual({ cli_a: 6 });
  });

  test("includes its turns under way, and not another's", async () => {
    const stage = createPaceStage();
    await drain(stage, {}, 3);
    await stage.turn({ clientId: "cli_b" });
    expect(capacities(stage)).toEqual({ cli_a: 24, cli_b: 22 });
  });

  test("is one more set of those under way while no more may be", async () => {
    const stage = createPaceStage({ concurrent: 3 });
    (await stage.turn({ clientId: "cli_b" })).done(UNUSED);
    await drain(stage, {}, 2);
    expect(capacities(stage)).toEqual({ cli_a: 23, cli_b: 21 });
    await stage.turn();
    expect(capacities(stage)).toEqual({ cli_a: 6, cli_b: 3 });
  });

  test("is never more than the rate takes, however many may be under way", async () => {
    const stage = createPaceStage({ perSecond: 1, concurrent: 1 });
    await stage.turn({ limits: { concurrent: 1 } });
    expect(capacities(stage)).toEqual({ cli_a: 2 });
    (await stage.turn({ clientId: "cli_b", host: "b.example", limits: { concurrent: 500 } })).done(ANSWERED);
    expect(capacities(stage)).toEqual({ cli_a: 2, cli_b: 2 });
  });

  test("is at least one, however slow the host is", async () => {
    const stage = createPaceStage({ perSecond: 0.5 });
    (await stage.turn()).done(THROTTLED);
    await stage.clock.advance(MINUTE);
    expect(capacities(stage)).toEqual({ cli_a: 1 });
  });

  test("is nothing during a pause, until it is nearly over", async () => {
    const stage = createPaceStage();
    const [turn] = await drain(stage, {}, 2);
    turn?.done({ kind: "throttled", retryAfterMs: 20_000 });
    await stage.clock.advance(17_999);
    expect(capacities(stage)).toEqual({ cli_a: 0 });
    await stage.clock.advance(1);
    expect(capacities(stage)).toEqual({ cli_a: 2 });
    await stage.clock.advance(1000);
    expect(capacities(stage)).toEqual({ cli_a: 7 });
  });

  test("is nothing while the host's own next turn is further off", async () => {
    const stage = createPaceStage({ perSecond: 0.4 });
    (await stage.turn()).done(ANSWERED);
    const asked = stage.ask({ clientId: "cli_b" });
    expect(capacities(stage)).toEqual({ cli_a: 0, cli_b: 0 });
    await stage.clock.advance(500);
    expect(capacities(stage)).toEqual({ cli_a: 1, cli_b: 1 });
    expect(asked.answer).toBeUndefined();
  });

  test("is halved for all clients with the rate of their host", async () => {
    const stage = createPaceStage();
    for (const clientId of ["cli_a", "cli_b"]) (await stage.turn({ clientId })).done(THROTTLED);
    (await stage.turn({ clientId: "cli_c" })).done(UNUSED);
    await stage.clock.advance(MINUTE);
    expect(capacities(stage)).toEqual({ cli_a: 11, cli_b: 11, cli_c: 11 });
  });

  test("is nothing while the breaker is open, and one for the probe", async () => {
    const stage = createPaceStage();
    const late = await failing(stage);
    expect(capacities(stage)).toEqual({ cli_a: 0 });
    await stage.clock.advance(4_999);
    expect(capacities(stage)).toEqual({ cli_a: 0 });
    await stage.clock.advance(1);
    expect(capacities(stage)).toEqual({ cli_a: 2 });
    late?.done(FAILED);
    expect(capacities(stage)).toEqual({ cli_a: 1 });
    const probe = await stage.turn();
    expect(capacities(stage)).toEqual({ cli_a: 0 });
    probe.done(ANSWERED);
    expect(capacities(stage)).toEqual({ cli_a: 21 });
  });

  test("is there again as soon as the server has answered after all", async () => {
    const stage = createPaceStage();
    const late = await failing(stage);
    late?.done(ANSWERED);
    expect(capacities(stage)).toEqual({ cli_a: 20 });
  });

  test("is that of the host that takes most", async () => {
    const stage = createPaceStage();
    for (const host of ["a.example", "b.example", "c.example"]) {
      const turn = await stage.turn({ host });
      turn.done(host === "b.example" ? UNUSED : { kind: "throttled", retryAfterMs: MINUTE });
    }
    expect(capacities(stage)).toEqual({ cli_a: 21 });
    (await stage.turn({ host: "b.example" })).done({ kind: "throttled", retryAfterMs: MINUTE });
    expect(capacities(stage)).toEqual({ cli_a: 0 });
  });
});
