import { describe, expect, test } from "vitest";
import { BRAKE_PATIENCE, createAttemptCount, toleratedRejections } from "../../src/refresh/brake.ts";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { answers } from "../stage/plays.ts";

const REJECTED = answers(400, { error: "invalid_grant" });

/** So many connections of one client, all of which the provider rejects at once. */
async function rejected(count: number, expiresIn = 3600): Promise<{ stage: EngineStage; ids: string[] }> {
  const stage = await openEngineStage();
  const ids = await Promise.all(Array.from({ length: count }, () => stage.connect({ expiresIn })));
  stage.server.always(REJECTED);
  await Promise.all(ids.map((id) => stage.refresh(id)));
  return { stage, ids };
}

async function statuses(stage: EngineStage, ids: readonly string[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const id of ids) {
    const { status } = (await stage.held(id)).connection;
    counts[status] = (counts[status] ?? 0) + 1;
  }
  return counts;
}

async function held(stage: EngineStage, ids: readonly string[]): Promise<string[]> {
  const all = await Promise.all(ids.map((id) => stage.held(id)));
  return all.filter(({ connection }) => connection.status === "degraded").map(({ connection }) => connection.id);
}

describe("when the rejections of one client leap", () => {
  test("twenty in five minutes are believed, and what comes on top is held back as degraded", async () => {
    const { stage, ids } = await rejected(26);
    expect(await statuses(stage, ids)).toEqual({ reauthorization_required: 20, degraded: 6 });
    expect(stage.observer.of("connection.reauthorization_required")).toHaveLength(20);
    expect(stage.observer.of("refresh.rejection_held")).toHaveLength(6);
    const [id = ""] = await held(stage, ids);
    const { connection, lease } = await stage.held(id);
    expect(connection.diagnosis).toMatchObject({ cause: "unknown", confidence: "possible" });
    expect(lease).toMatchObject({
      owner: null,
      failures: 1,
      dueAt: lease.backoffUntil,
      rejectedAt: expect.any(Number),
    });
    expect(lease.backoffUntil).toBeGreaterThanOrEqual(stage.clock.now() + 5 * MINUTE);
    expect(await stage.historyOf(id)).toEqual(["connected", "rejection_held", "degraded"]);
    expect(stage.observer.of("refresh.rejection_held")[0]).toMatchObject({
      clientId: stage.clientId,
      retryAt: lease.backoffUntil,
    });
  });

  test("whoever asked is told when to ask again, and a living token is still served", async () => {
    const { stage, ids } = await rejected(21);
    const [id = ""] = await held(stage, ids);
    await expect(stage.refresh(id)).resolves.toMatchObject({ kind: "retry_later", cause: "unknown" });
    expect(stage.server.requests).toHaveLength(21);
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 1, refreshState: "failing" });
  });

  test("nobody is asked to reconnect for what is held back", async () => {
    const { stage, ids } = await rejected(21, 60);
    const [id = ""] = await held(stage, ids);
    const retryAt = (await stage.held(id)).lease.backoffUntil;
    await stage.clock.advance(2 * MINUTE);
    const error = await stage.read(id).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "provider_unavailable", facts: { reason: "unknown", whoActs: "nobody" } });
    expect(error).toMatchObject({ facts: { retryAfterMs: retryAt - stage.clock.now() } });
    expect(error).not.toHaveProperty("facts.reauthorizationUrl");
    expect(error).toHaveProperty("message", expect.not.stringContaining("reconnect"));
  });

  test("those that were held back go on by themselves when the provider's bad minutes are over", async () => {
    const { stage, ids } = await rejected(24);
    const waiting = await held(stage, ids);
    stage.server.always(null);
    stage.sweep.start();
    await stage.clock.advance(5 * MINUTE + 2 * SECOND);
    expect(await statuses(stage, waiting)).toEqual({ active: 4 });
    expect((await stage.held(waiting[0] ?? "")).lease).toMatchObject({ failures: 0, rejectedAt: null });
    expect(stage.observer.of("connection.recovered")).toHaveLength(4);
  });

  test("they are asked about once in five minutes, and believed when it stays so for an hour", async () => {
    const { stage, ids } = await rejected(45);
    const waiting = await held(stage, ids);
    expect(waiting).toHaveLength(25);
    stage.sweep.start();
    await stage.clock.advance(BRAKE_PATIENCE - SECOND);
    expect(await statuses(stage, waiting)).toEqual({ degraded: 25 });
    expect(stage.server.requests.length).toBeLessThanOrEqual(45 + 25 * 12);
    await stage.clock.advance(5 * MINUTE + SECOND);
    expect(await statuses(stage, waiting)).toEqual({ reauthorization_required: 25 });
    expect((await stage.historyOf(waiting[0] ?? "")).filter((kind) => kind === "rejection_held")).toHaveLength(1);
  });

  test("the connections of other clients are judged by themselves", async () => {
    const { stage } = await rejected(25);
    const server = await stage.addServer("other");
    const id = await stage.connect({ server, clientId: await stage.addClient(server) });
    server.script(REJECTED);
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "ended" });
  });

  test("over more than five minutes, each is believed", async () => {
    const { stage } = await rejected(20);
    await stage.clock.advance(5 * MINUTE);
    const id = await stage.connect();
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "ended" });
  });

  test("in five minutes of many requests, a fiftieth of them is believed", async () => {
    const stage = await openEngineStage({ server: { rotation: false } });
    const working = await stage.connect();
    for (let request = 0; request < 1050; request++) {
      await stage.refresh(working);
      await stage.clock.leap(2);
    }
    const ids = await Promise.all(Array.from({ length: 23 }, () => stage.connect()));
    stage.server.always(REJECTED);
    await stage.passing(3 * SECOND, Promise.all(ids.map((id) => stage.refresh(id))));
    expect(await statuses(stage, ids)).toEqual({ reauthorization_required: 21, degraded: 2 });
  }, 60_000);
});

test.each([
  [0, 20],
  [1000, 20],
  [1049, 20],
  [1050, 21],
  [10_000, 200],
])("of %d attempts, %d rejections are tolerated", (attempts, tolerated) => {
  expect(toleratedRejections(attempts)).toBe(tolerated);
});

describe("the count of attempts", () => {
  test("is kept for each client", () => {
    const attempts = createAttemptCount(createManualClock());
    attempts.add("a");
    attempts.add("a");
    attempts.add("b");
    expect([attempts.of("a"), attempts.of("b"), attempts.of("c")]).toEqual([2, 1, 0]);
  });

  test("holds each for at least two and a half minutes, and at most five", async () => {
    const clock = createManualClock();
    const attempts = createAttemptCount(clock);
    attempts.add("a");
    await clock.advance(150 * SECOND);
    expect(attempts.of("a")).toBe(1);
    attempts.add("a");
    await clock.advance(150 * SECOND - 1);
    expect(attempts.of("a")).toBe(2);
    await clock.advance(1);
    expect(attempts.of("a")).toBe(1);
    await clock.advance(150 * SECOND);
    expect(attempts.of("a")).toBe(0);
  });

  test("forgets all of it when nothing was asked for so long", async () => {
    const clock = createManualClock();
    const attempts = createAttemptCount(clock);
    attempts.add("a");
    await clock.advance(HOUR);
    expect(attempts.of("a")).toBe(0);
  });
});
