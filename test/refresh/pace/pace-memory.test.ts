import { describe, expect, test } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../../src/runtime/clock.ts";
import { ANSWERED, createPaceStage, drain, FAILED, THROTTLED, UNUSED, type PaceStage } from "./pace-stage.ts";

/** Enough new clients that idle ones are looked for. */
async function visitors(stage: PaceStage): Promise<void> {
  for (let count = 0; count < 600; count++) {
    const clientId = `cli_${stage.clock.monotonic()}_${count}`;
    (await stage.turn({ clientId, limits: { perSecond: 1_000 } })).done(UNUSED);
  }
}

async function otherHosts(stage: PaceStage): Promise<void> {
  for (let count = 0; count < 300; count++) (await stage.turn({ host: `${count}.example` })).done(UNUSED);
}

/** Throttles `cli_a`, so that it has something to be forgotten. */
async function throttled(retryAfterMs: number | null = null): Promise<PaceStage> {
  const stage = createPaceStage();
  (await stage.turn()).done({ kind: "throttled", retryAfterMs });
  return stage;
}

/** The rate of `cli_a` after one more request was too many: 5 if nothing is known of it, 2.5 if the last time is. */
async function nextRate(stage: PaceStage): Promise<unknown> {
  (await stage.turn({ patienceMs: 0 })).done(THROTTLED);
  return stage.observer.of("pace.throttled").at(-1)?.["perSecond"];
}

describe("what is known of a client", () => {
  test("is kept while there is no lack of room", async () => {
    const stage = await throttled();
    await stage.clock.advance(24 * HOUR);
    expect(await nextRate(stage)).toBe(2.5);
  });

  test("is forgotten when others come ten minutes after it was last used", async () => {
    const stage = await throttled();
    await stage.clock.advance(10 * MINUTE);
    await visitors(stage);
    expect(await nextRate(stage)).toBe(5);
  });

  test("is kept for ten minutes", async () => {
    const stage = await throttled();
    await stage.clock.advance(10 * MINUTE - 1);
    await visitors(stage);
    expect(await nextRate(stage)).toBe(2.5);
  });

  test("is kept for ten minutes after its last request was over", async () => {
    const stage = await throttled();
    await stage.clock.advance(2 * SECOND);
    const turn = await stage.turn();
    await stage.clock.advance(HOUR);
    await visitors(stage);
    turn.done(UNUSED);
    await stage.clock.advance(9 * MINUTE);
    await visitors(stage);
    expect(await nextRate(stage)).toBe(2.5);
  });

  test("is kept as long as the server asked it to pause", async () => {
    const stage = await throttled(HOUR);
    await stage.clock.advance(HOUR - 1);
    await visitors(stage);
    expect(await stage.refusal({ patienceMs: 0 })).toMatchObject({ until: stage.start + HOUR - 1 + SECOND });
  });

  test("is kept while somebody waits for it", async () => {
    const stage = createPaceStage();
    (await stage.turn()).done({ kind: "throttled", retryAfterMs: HOUR });
    const asked = stage.ask({ patienceMs: 2 * HOUR });
    await stage.clock.advance(30 * MINUTE);
    await visitors(stage);
    await stage.clock.advance(HOUR);
    expect(asked.at).toBe(HOUR);
    expect(stage.served.at(-1)).toBe(asked.key);
  });

  test("is kept for ten minutes after its breaker would let a probe go", async () => {
    const stage = createPaceStage();
    for (const turn of await drain(stage)) turn.done(FAILED);
    for (let probes = 0; probes < 7; probes++) {
      await stage.clock.advance(5 * MINUTE);
      (await stage.turn()).done(FAILED);
    }
    await stage.clock.advance(15 * MINUTE - 1);
    await visitors(stage);
    const probe = await stage.turn();
    expect(await stage.refusal()).toMatchObject({ cause: "provider_unavailable" });
    probe.done(UNUSED);
    await stage.clock.advance(10 * MINUTE);
    await visitors(stage);
    for (let count = 0; count < 2; count++) expect((await stage.turn()).kind).toBe("turn");
  });
});

describe("what is known of a host", () => {
  test("is forgotten when others come ten minutes after its last client used it", async () => {
    const stage = await throttled();
    await stage.clock.advance(10 * MINUTE);
    await otherHosts(stage);
    expect(await nextRate(stage)).toBe(5);
  });

  test("is kept while one of its clients is", async () => {
    const stage = await throttled();
    await stage.clock.advance(10 * MINUTE - 1);
    await stage.turn({ clientId: "cli_b" });
    await stage.clock.advance(1);
    await otherHosts(stage);
    expect(await nextRate(stage)).toBe(2.5);
  });

  test("is kept while it would give more turns if it were new", async () => {
    const stage = createPaceStage({ perSecond: 0.01 });
    stage.pace.setShare(0.2);
    const turns = [await stage.turn({ clientId: "cli_a" })];
    await stage.clock.advance(500 * SECOND);
    turns.push(await stage.turn({ clientId: "cli_b" }));
    for (const turn of turns) turn.done(THROTTLED);
    await stage.clock.advance(1_000 * SECOND);
    (await stage.turn({ clientId: "cli_c" })).done(ANSWERED);
    await stage.clock.advance(11 * MINUTE);
    await otherHosts(stage);
    expect(await stage.refusal({ clientId: "cli_d", patienceMs: 0 })).toMatchObject({ cause: "provider_rate_limited" });
  });
});

describe("those that come and go", () => {
  const LIVE = 1_000;

  test("leave, a hundred thousand clients, no more behind than twice those of the last ten minutes", async () => {
    const stage = createPaceStage({ perSecond: 1_000 });
    let most = 0;
    for (let count = 0; count < 100_000; count++) {
      const turn = await stage.turn({ clientId: `cli_${count}` });
      turn.done(count % 2 === 0 ? ANSWERED : FAILED);
      if (count % (LIVE / 10) === 0) await stage.clock.leap(MINUTE);
      if (count % 7_000 === 0) most = Math.max(most, stage.pace.capacities().size);
    }
    expect(most).toBeGreaterThan(LIVE);
    expect(most).toBeLessThan(2.2 * LIVE);
  });

  test("leave, thirty thousand hosts, no more behind than twice those of the last ten minutes", async () => {
    const stage = createPaceStage();
    let most = 0;
    for (let count = 0; count < 30_000; count++) {
      const turn = await stage.turn({ host: `${count}.example`, clientId: `cli_${count}` });
      turn.done([ANSWERED, FAILED, THROTTLED][count % 3] ?? ANSWERED);
      if (count % (LIVE / 10) === 0) await stage.clock.leap(MINUTE);
      if (count % 3_000 === 0) most = Math.max(most, stage.pace.capacities().size);
    }
    expect(most).toBeGreaterThan(LIVE);
    expect(most).toBeLessThan(2.2 * LIVE);
  });
});
