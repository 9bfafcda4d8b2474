import { describe, expect, test } from "vitest";
import type { Turn } from "../../../src/refresh/pace/pace.ts";
import { MINUTE } from "../../../src/runtime/clock.ts";
import { ANSWERED, createPaceStage, drain, FAILED, THROTTLED, type PaceStage } from "./pace-stage.ts";

async function turnAfter(stage: PaceStage, milliseconds: number): Promise<Turn> {
  await stage.clock.advance(milliseconds);
  return stage.turn();
}

describe("busy clients", () => {
  test("are none when nothing was asked for, and none that would get a turn soon", async () => {
    const stage = createPaceStage();
    expect(stage.pace.busyClients()).toEqual([]);
    await drain(stage);
    await stage.turn({ host: "other.example", clientId: "cli_b" });
    expect(stage.pace.busyClients()).toEqual([]);
  });

  test("are those with a pause of more than five seconds", async () => {
    const stage = createPaceStage();
    (await stage.turn()).done({ kind: "throttled", retryAfterMs: 20_000 });
    (await stage.turn({ clientId: "cli_b", host: "b.example" })).done(THROTTLED);
    await stage.turn({ clientId: "cli_c" });
    expect(stage.pace.busyClients()).toEqual(["cli_a"]);
    await stage.clock.advance(14_999);
    expect(stage.pace.busyClients()).toEqual(["cli_a"]);
    await stage.clock.advance(1);
    expect(stage.pace.busyClients()).toEqual([]);
  });

  test("are those whose breaker is open, until a probe may go, and while it is under way", async () => {
    const stage = createPaceStage();
    for (const turn of await drain(stage)) turn.done(FAILED);
    expect(stage.pace.busyClients()).toEqual(["cli_a"]);
    await stage.clock.advance(4_999);
    expect(stage.pace.busyClients()).toEqual(["cli_a"]);
    await stage.clock.advance(1);
    expect(stage.pace.busyClients()).toEqual([]);
    const probe = await stage.turn();
    expect(stage.pace.busyClients()).toEqual(["cli_a"]);
    probe.done(ANSWERED);
    expect(stage.pace.busyClients()).toEqual([]);
  });

  test("are no more those whose server answered after all", async () => {
    const stage = createPaceStage();
    const [late, ...turns] = [...(await drain(stage)), await turnAfter(stage, 100)];
    for (const turn of turns) turn.done(FAILED);
    expect(stage.pace.busyClients()).toEqual(["cli_a"]);
    late?.done(ANSWERED);
    expect(stage.pace.busyClients()).toEqual([]);
  });

  test("are those that are busy at each of their hosts", async () => {
    const stage = createPaceStage();
    for (const host of ["a.example", "b.example"]) {
      (await stage.turn({ host })).done({ kind: "throttled", retryAfterMs: MINUTE });
    }
    expect(stage.pace.busyClients()).toEqual(["cli_a"]);
  });

  test("are all of a host for which too many wait already", async () => {
    const stage = createPaceStage();
    await drain(stage, { clientId: "cli_b" });
    for (let count = 0; count < 49; count++) stage.ask({ priority: "ahead" });
    await stage.turn({ clientId: "cli_c", host: "other.example" });
    expect(stage.pace.busyClients()).toEqual([]);
    stage.ask({ priority: "ahead" });
    expect(stage.pace.busyClients()).toEqual(["cli_b", "cli_a"]);
    await stage.clock.advance(100);
    expect(stage.pace.busyClients()).toEqual([]);
  });

  test("are those that many wait for, however quick the host is", async () => {
    const stage = createPaceStage();
    (await stage.turn()).done(THROTTLED);
    for (let count = 0; count < 20; count++) stage.ask({ priority: "ahead" });
    await stage.turn({ clientId: "cli_b" });
    expect(stage.pace.busyClients()).toEqual(["cli_a"]);
  });

  test("are not told by those who wait for a pause to end", async () => {
    const stage = createPaceStage();
    (await stage.turn()).done({ kind: "throttled", retryAfterMs: MINUTE });
    for (let count = 0; count < 100; count++) stage.ask({ priority: "ahead" });
    await stage.turn({ clientId: "cli_b" });
    expect(stage.pace.busyClients()).toEqual(["cli_a"]);
  });

  test("are not those that are free at another of their hosts", async () => {
    const stage = createPaceStage();
    for (const host of ["a.example", "b.example"]) await stage.turn({ host });
    for (const host of ["b.example", "c.example"]) {
      (await stage.turn({ host })).done({ kind: "throttled", retryAfterMs: MINUTE });
    }
    expect(stage.pace.busyClients()).toEqual([]);
    (await stage.turn({ host: "a.example" })).done({ kind: "throttled", retryAfterMs: MINUTE });
    expect(stage.pace.busyClients()).toEqual(["cli_a"]);
  });
});
