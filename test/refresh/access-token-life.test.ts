import { describe, expect, test } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { takes } from "../stage/plays.ts";

/** Every refresh token was sent once, and each brought one generation. */
async function expectOneRequestPerGeneration(stage: EngineStage, id: string): Promise<void> {
  const { requests } = stage.server;
  expect(new Set(requests.map(({ refreshToken }) => refreshToken)).size).toBe(requests.length);
  expect((await stage.held(id)).tokens.generation).toBe(requests.length + 1);
  expect(stage.server.reuses()).toBe(0);
}

describe("a min_ttl beyond the token's life", () => {
  test.each([HOUR, 24 * HOUR, Number.MAX_SAFE_INTEGER])(
    "of %d ms is met as far as it goes, not by a loop",
    async (ttl) => {
      const stage = await openEngineStage();
      const id = await stage.connect();
      for (let read = 0; read < 100; read++) {
        await expect(stage.read(id, ttl)).resolves.toMatchObject({ refreshState: "ok" });
        await stage.clock.advance(SECOND);
      }
      expect(stage.server.requests).toHaveLength(0);
    },
  );

  test("leads to a refresh once a lead time at most, however often it is asked for", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const id = await stage.connect();
    for (let read = 0; read < 1200; read++) {
      const { expiresAt, refreshState } = await stage.read(id, 24 * HOUR);
      expect((expiresAt ?? 0) - stage.clock.now()).toBeGreaterThan(50 * MINUTE);
      expect(refreshState).toBe("ok");
      await stage.clock.advance(6 * SECOND);
    }
    expect(stage.server.requests.length).toBeLessThanOrEqual(12);
    await expectOneRequestPerGeneration(stage, id);
  });

  test("costs one request for each wait when the answer takes most of a short life", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished", lifetimeSeconds: 15 } });
    const id = await stage.connect();
    stage.server.always(takes(stage.clock, 10 * SECOND));
    const reads: Promise<unknown>[] = [];
    for (let i = 0; i < 600; i++) {
      reads.push(stage.read(id, HOUR).catch((error: unknown) => error));
      await stage.clock.advance(100);
    }
    await stage.clock.advance(MINUTE);
    await Promise.all(reads);
    expect(stage.server.requests.length).toBeLessThanOrEqual(7);
    await expectOneRequestPerGeneration(stage, id);
  });
});

test("tokens that live fifteen seconds serve ten minutes of readers without a failed read or a second use", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished", lifetimeSeconds: 15 } });
  const id = await stage.connect();
  stage.server.always(takes(stage.clock, 350));
  stage.sweep.start();
  const reads: Promise<void>[] = [];
  async function readAndUse(minTtlMs: number): Promise<void> {
    const { accessToken } = await stage.read(id, minTtlMs);
    if (!stage.server.acceptsAccess(accessToken.reveal())) throw new Error("The API would refuse this token.");
  }
  for (let tick = 0; tick < 6000; tick++) {
    reads.push(readAndUse(0), readAndUse(5 * SECOND), readAndUse(MINUTE));
    await stage.clock.advance(100);
  }
  await stage.clock.advance(SECOND);
  const outcomes = await Promise.allSettled(reads);
  expect(outcomes.filter(({ status }) => status === "rejected")).toEqual([]);
  expect(stage.server.requests.length).toBeGreaterThan(60);
  expect(stage.server.requests.length).toBeLessThan(120);
  await expectOneRequestPerGeneration(stage, id);
}, 60_000);

describe("a provider whose every token is over when it comes", () => {
  test("is asked at most twice by ten reads in a second, and no reader gets such a token", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished", lifetimeSeconds: 0 } });
    const id = await stage.connect();
    for (let read = 0; read < 10; read++) {
      await expect(stage.read(id)).rejects.toMatchObject({
        code: "provider_unavailable",
        facts: { reason: "provider_response_unrecognised", whoActs: "operator" },
      });
      await stage.clock.advance(100);
    }
    expect(stage.server.requests.length).toBeLessThanOrEqual(2);
    expect(stage.server.requests.length).toBeGreaterThan(0);
    await expectOneRequestPerGeneration(stage, id);
    const { lease, tokens } = await stage.held(id);
    expect(lease.dueAt).toBe(tokens.obtainedAt + MINUTE);
  });

  test("is asked once a minute by the sweep and readers together, and loses no refresh token", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished", lifetimeSeconds: 0 } });
    const id = await stage.connect();
    stage.sweep.start();
    for (let read = 0; read < 360; read++) {
      await stage.read(id).catch(() => undefined);
      await stage.clock.advance(10 * SECOND);
    }
    expect(stage.server.requests.length).toBeGreaterThan(50);
    expect(stage.server.requests.length).toBeLessThanOrEqual(62);
    await expectOneRequestPerGeneration(stage, id);
    expect(stage.server.accepts((await stage.tokensOf(id)).refreshToken ?? "")).toBe(true);
  });

  test("and then gives tokens that live is back to normal", async () => {
    const stage = await openEngineStage({ server: { lifetimeSeconds: 0 } });
    const id = await stage.connect();
    stage.sweep.start();
    await stage.clock.advance(2 * MINUTE);
    stage.server.behaviour.lifetimeSeconds = 3600;
    await stage.clock.advance(MINUTE + SECOND);
    await expect(stage.read(id)).resolves.toMatchObject({ refreshState: "ok" });
  });
});
