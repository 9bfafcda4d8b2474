import { describe, expect, test } from "vitest";
import type { Turn } from "../../../src/refresh/pace/pace.ts";
import { MINUTE } from "../../../src/runtime/clock.ts";
import { ANSWERED, createPaceStage, drain, FAILED, type PaceStage } from "./pace-stage.ts";

const TEN_A_SECOND = { perSecond: 10, concurrent: 100 };

function capacity({ pace }: PaceStage, clientId = "cli_a"): number | undefined {
  return pace.capacities().get(clientId);
}

async function turnAfter(stage: PaceStage, milliseconds: number): Promise<Turn> {
  await stage.clock.advance(milliseconds);
  return stage.turn();
}

describe("the capacity of a client", () => {
  test("is not known before anything was asked for", () => {
    expect(createPaceStage().pace.capacities().size).toBe(0);
  });

  test("is what has a turn, and what gets one within two seconds", async () => {
    const stage = createPaceStage();
    const turn = await stage.turn({ limits: TEN_A_SECOND });
    expect(capacity(stage)).toBe(1 + 21);
    turn.done(ANSWERED);
    expect(capacity(stage)).toBe(21);
  });

  test("is at least one, however slow the host is", async () => {
    const stage = createPaceStage();
    (await stage.turn({ limits: { perSecond: 0.6, concurrent: 1 } })).done(ANSWERED);
    expect(capacity(stage)).toBe(2);
  });

  test("shrinks with the share of an instance", async () => {
    const stage = createPaceStage();
    (await stage.turn({ limits: TEN_A_SECOND })).done(ANSWERED);
    stage.pace.setShare(0.25);
    expect(capacity(stage)).toBe(6);
  });

  test("is a second set of requests while all slots of the host are taken", async () => {
    const stage = createPaceStage();
    const limits = { perSecond: 1000, concurrent: 3 };
    for (let slot = 0; slot < 3; slot++) await stage.turn({ limits });
    expect(capacity(stage)).toBe(6);
  });

  test("is nothing in a pause of more than two seconds", async () => {
    const stage = createPaceStage();
    (await stage.turn()).done({ kind: "throttled", retryAfterMs: 20_000 });
    await stage.turn({ clientId: "cli_b" });
    expect(capacity(stage)).toBe(0);
    expect(capacity(stage, "cli_b")).toBeGreaterThan(0);
    await stage.clock.advance(17_999);
    expect(capacity(stage)).toBe(0);
    await stage.clock.advance(1);
    expect(capacity(stage)).toBeGreaterThan(0);
  });

  test("is nothing while the breaker is open, until a probe may go soon, and while it is under way", async () => {
    const stage = createPaceStage();
    for (const turn of await drain(stage)) turn.done(FAILED);
    expect(capacity(stage)).toBe(0);
    await stage.clock.advance(5_000);
    expect(capacity(stage)).toBeGreaterThan(0);
    const probe = await stage.turn();
    expect(capacity(stage)).toBe(0);
    probe.done(ANSWERED);
    expect(capacity(stage)).toBeGreaterThan(0);
  });

  test("is something again once its server answered after all", async () => {
    const stage = createPaceStage();
    const [late, ...turns] = [...(await drain(stage)), await turnAfter(stage, 100)];
    for (const turn of turns) turn.done(FAILED);
    expect(capacity(stage)).toBe(0);
    late?.done(ANSWERED);
    expect(capacity(stage)).toBeGreaterThan(0);
  });

  test("is that of the host that has most for it", async () => {
    const stage = createPaceStage();
    for (const host of ["a.example", "b.example"]) {
      (await stage.turn({ host })).done({ kind: "throttled", retryAfterMs: MINUTE });
    }
    expect(capacity(stage)).toBe(0);
    await stage.turn({ host: "c.example" });
    expect(capacity(stage)).toBeGreaterThan(0);
  });
});
