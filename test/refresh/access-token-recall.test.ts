import { describe, expect, test } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { answers } from "../stage/plays.ts";
import { TENANT } from "../stage/world.ts";

function recall({ accessTokens }: EngineStage, connectionId: string, minTtlMs = MINUTE) {
  return accessTokens.recall({ tenantId: TENANT, connectionId, minTtlMs });
}

describe("memory alone answers", () => {
  test("what was read within five seconds, with the very same object", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    expect(recall(stage, id)).toBeUndefined();
    const token = await stage.read(id);
    expect(recall(stage, id)).toBe(token);
    await stage.clock.advance(5 * SECOND);
    expect(recall(stage, id)).toBeUndefined();
  });

  test("what is not known to expire", async () => {
    const stage = await openEngineStage({ server: { lifetimeSeconds: null } });
    const id = await stage.connect();
    await stage.read(id);
    expect(recall(stage, id)).toMatchObject({ generation: 1, expiresAt: null });
  });
});

describe("memory alone does not answer", () => {
  test("a token that is due", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.clock.advance(51 * MINUTE);
    stage.store.fail("claim");
    await stage.read(id);
    expect(recall(stage, id)).toBeUndefined();
  });

  test("a token with less life than was asked for", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.clock.advance(40 * MINUTE);
    await stage.read(id);
    expect(recall(stage, id, 19 * MINUTE)).toMatchObject({ generation: 1 });
    expect(recall(stage, id, 20 * MINUTE)).toBeUndefined();
  });

  test("a token that has run out while it was trusted", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect({ withoutRefreshToken: true });
    await stage.clock.advance(HOUR - 2 * SECOND);
    await stage.read(id, 0);
    expect(recall(stage, id, 0)).toMatchObject({ generation: 1 });
    await stage.clock.advance(2 * SECOND);
    expect(recall(stage, id, 0)).toBeUndefined();
  });

  test("while refreshes fail, because the answer has to say so", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.script(answers(503, ""));
    await stage.refresh(id);
    await expect(stage.read(id)).resolves.toMatchObject({ refreshState: "failing" });
    expect(recall(stage, id)).toBeUndefined();
  });

  test("what has changed since it was read", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.read(id);
    await stage.refresh(id);
    expect(recall(stage, id)).toBeUndefined();
    await stage.read(id);
    expect(recall(stage, id)).toMatchObject({ generation: 2 });
    await stage.ports.connections.disconnect(id, { kind: "disconnected", generation: 2, detail: {} });
    expect(recall(stage, id)).toBeUndefined();
  });

  test("for another tenant", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.read(id);
    const request = { tenantId: "ten_other", connectionId: id, minTtlMs: 0 };
    expect(stage.accessTokens.recall(request)).toBeUndefined();
  });
});
