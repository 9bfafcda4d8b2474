import { describe, expect, test } from "vitest";
import { MINUTE } from "../../../src/runtime/clock.ts";
import {
  ANSWERED,
  createPaceStage,
  drain,
  FAILED,
  THROTTLED,
  turnOf,
  UNUSED,
  type AskOptions,
  type PaceStage,
} from "./pace-stage.ts";

async function fail(stage: PaceStage, times: number, options: AskOptions = {}): Promise<void> {
  for (let count = 0; count < times; count++) (await stage.turn(options)).done(FAILED);
}

function names(stage: PaceStage): string[] {
  return stage.observer.events.map(({ name }) => name);
}

describe("a client whose server does not answer", () => {
  test("goes on until the fifth time in a row", async () => {
    const stage = createPaceStage({ perSecond: 100 });
    await fail(stage, 4);
    (await stage.turn()).done(ANSWERED);
    await fail(stage, 4);
    (await stage.turn()).done(THROTTLED);
    await stage.clock.advance(MINUTE);
    await fail(stage, 4);
    expect(names(stage)).toEqual(["pace.throttled"]);
    await fail(stage, 1);
    expect(await stage.refusal({ patienceMs: MINUTE })).toEqual({
      kind: "no_turn",
      cause: "provider_unavailable",
      until: stage.start + MINUTE + 5_000,
    });
    expect(stage.observer.events.slice(1)).toEqual([
      {
        name: "breaker.opened",
        fields: { host: "as.example", clientId: "cli_a", until: stage.start + MINUTE + 5_000 },
      },
    ]);
  });

  test("takes leave at once of everybody who waits, and of nobody who waits for another", async () => {
    const stage = createPaceStage();
    const turns = await drain(stage);
    const waiting = [stage.ask(), stage.ask({ priority: "ahead", patienceMs: Infinity })];
    const other = stage.ask({ clientId: "cli_b" });
    for (const turn of turns) turn.done(FAILED);
    await stage.clock.advance(0);
    const refused = { kind: "no_turn", cause: "provider_unavailable", until: stage.start + 5_000 };
    expect(waiting.map(({ answer }) => answer)).toEqual([refused, refused]);
    await stage.clock.advance(100);
    expect(turnOf(other.answer).kind).toBe("turn");
  });

  test("sends one probe after a while, and goes on when that is answered", async () => {
    const stage = createPaceStage();
    await fail(stage, 5);
    await stage.clock.advance(4_999);
    await stage.refusal();
    await stage.clock.advance(1);
    const probe = await stage.turn();
    expect(await stage.refusal()).toMatchObject({ cause: "provider_unavailable", until: stage.start + 10_000 });
    probe.done(ANSWERED);
    for (let count = 0; count < 3; count++) await stage.turn();
    expect(names(stage)).toEqual(["breaker.opened", "breaker.closed"]);
    expect(stage.observer.of("breaker.closed")).toEqual([{ host: "as.example", clientId: "cli_a" }]);
  });

  test("goes on too when the probe is throttled: the server is there", async () => {
    const stage = createPaceStage();
    await fail(stage, 5);
    await stage.clock.advance(5_000);
    (await stage.turn()).done(THROTTLED);
    await stage.clock.advance(2_000);
    await stage.turn();
    expect(names(stage)).toEqual(["breaker.opened", "pace.throttled", "breaker.closed"]);
  });

  test("waits twice as long when the probe fails, and says nothing new", async () => {
    const stage = createPaceStage();
    await fail(stage, 5);
    await stage.clock.advance(5_000);
    await fail(stage, 1);
    expect(await stage.refusal()).toMatchObject({ until: stage.start + 15_000 });
    await stage.clock.advance(9_999);
    await stage.refusal();
    await stage.clock.advance(1);
    await fail(stage, 1);
    expect(await stage.refusal()).toMatchObject({ until: stage.start + 35_000 });
    expect(names(stage)).toEqual(["breaker.opened"]);
  });

  test("lets another be the probe if the first is not made, and learns nothing from that", async () => {
    const stage = createPaceStage();
    await fail(stage, 5);
    await stage.clock.advance(5_000);
    (await stage.turn()).done(UNUSED);
    expect(names(stage)).toEqual(["breaker.opened"]);
    await stage.turn();
    await stage.refusal();
  });

  test("lets another be the probe if the first has no patience for it", async () => {
    const stage = createPaceStage();
    await fail(stage, 5);
    await stage.clock.advance(5_000);
    await drain(stage, { clientId: "cli_b" });
    expect(await stage.refusal({ patienceMs: 99 })).toMatchObject({ cause: "provider_rate_limited" });
    const probe = stage.ask({ patienceMs: 100 });
    expect(await stage.refusal()).toMatchObject({ cause: "provider_unavailable" });
    await stage.clock.advance(100);
    expect(turnOf(probe.answer).kind).toBe("turn");
  });

  test("lets another be the probe if the first lost patience", async () => {
    const stage = createPaceStage({ concurrent: 1 });
    await fail(stage, 5);
    await stage.clock.advance(5_000);
    const hung = await stage.turn({ clientId: "cli_b" });
    stage.ask({ patienceMs: 3_000 });
    await stage.clock.advance(2_999);
    expect(await stage.refusal()).toMatchObject({ cause: "provider_unavailable" });
    await stage.clock.advance(1);
    hung.done(ANSWERED);
    await stage.turn();
  });

  test("is known by what was sent before the breaker opened and was answered after all", async () => {
    const stage = createPaceStage({ perSecond: 100 });
    const late = await stage.turn();
    await fail(stage, 5);
    late.done(ANSWERED);
    await stage.turn();
    expect(names(stage)).toEqual(["breaker.opened", "breaker.closed"]);
  });

  test("does not stop other clients of the host, nor itself at another host", async () => {
    const stage = createPaceStage({ perSecond: 100 });
    await fail(stage, 5);
    expect((await stage.turn({ clientId: "cli_b" })).kind).toBe("turn");
    expect((await stage.turn({ host: "other.example" })).kind).toBe("turn");
  });

  test("is refused without sleeping, ten thousand times, and without a request", async () => {
    const stage = createPaceStage();
    await fail(stage, 5);
    stage.served.length = 0;
    for (let count = 0; count < 10_000; count++) stage.ask();
    await stage.clock.advance(0);
    expect(stage.served).toEqual([]);
    expect(stage.sleeps()).toBe(0);
  });
});
