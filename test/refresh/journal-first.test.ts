import { describe, expect, test } from "vitest";
import { openRefreshToken } from "../../src/connection/token-record.ts";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { createInstance, openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { answers } from "../stage/plays.ts";
import { TENANT } from "../stage/world.ts";

/** The journal of a stage as it is when the store is asked to commit. */
function atCommit(stage: EngineStage): { entries: number; unsettled: number } {
  const seen = { entries: -1, unsettled: -1 };
  stage.store.before("commit", () => {
    seen.entries = stage.journal.entries.length;
    seen.unsettled = stage.journal.unsettled().length;
  });
  return seen;
}

describe("a refresh token that was received", () => {
  test("is in the journal before the store is asked to take it, and settled afterwards", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const seen = atCommit(stage);
    await stage.refresh(id);
    expect(seen).toEqual({ entries: 1, unsettled: 1 });
    expect(stage.journal.unsettled()).toEqual([]);
  });

  test("is there sealed, as the generation that it is to become, with all that a recovery needs", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const now = stage.clock.now();
    await stage.refresh(id);
    const [entry] = stage.journal.entries;
    expect(entry).toMatchObject({ kind: "tokens", tenantId: TENANT, connectionId: id, receivedAt: now });
    if (entry?.kind !== "tokens") throw new Error("The journal has no token set.");
    expect(entry.tokens).toEqual((await stage.held(id)).tokens);
    const owner = { tenantId: TENANT, connectionId: id };
    expect((await openRefreshToken(stage.keyring, owner, entry.tokens))?.reveal()).toBe("refresh-1-2");
  });

  test("is settled as well when it came too late to be the newest", async () => {
    const stage = await openEngineStage({ server: { reuse: { windowMs: MINUTE } } });
    const id = await stage.connect();
    const other = createInstance(stage);
    stage.store.before("commit", async () => void (await other.refresh(id)));
    await stage.refresh(id);
    expect((await stage.held(id)).tokens.generation).toBe(2);
    expect(stage.journal.entries).toHaveLength(1);
    expect(stage.journal.unsettled()).toEqual([]);
  });

  test("of which only the access token is new is not journaled: the store has all of it that lasts", async () => {
    const stage = await openEngineStage({ server: { rotation: false } });
    const id = await stage.connect();
    const seen = atCommit(stage);
    await stage.refresh(id);
    expect(seen.entries).toBe(0);
  });

  test("is stored although the journal does not take it", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const id = await stage.connect();
    stage.server.script(breaksDisk(stage));
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
    expect(await stage.tokensOf(id)).toMatchObject({ generation: 2, refreshToken: "refresh-1-2" });
    expect(stage.journal.entries).toEqual([]);
  });
});

/** The server acts, and the disk is full before its answer is there. */
function breaksDisk({ journal }: EngineStage) {
  return <T>(act: () => T): T => {
    journal.broken = true;
    return act();
  };
}

describe("while the journal takes no writes", () => {
  test("no refresh token is sent that could be replaced, and nothing is claimed", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.journal.broken = true;
    const retryAt = stage.clock.now() + 5 * SECOND;
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "retry_later", cause: "journal_unavailable", retryAt });
    expect(stage.server.requests).toHaveLength(0);
    expect(stage.store.calls("claim")).toBe(0);
    expect((await stage.held(id)).lease).toMatchObject({ failures: 0, owner: null });
  });

  test("connections of a provider that never replaces refresh tokens go on", async () => {
    const stage = await openEngineStage({ server: { rotation: false } });
    const id = await stage.connect();
    stage.journal.broken = true;
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
  });

  test("the sweep looks again every five seconds, and goes on once the disk is mended", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.clock.advance(51 * MINUTE);
    stage.journal.broken = true;
    stage.sweep.start();
    await stage.clock.advance(MINUTE);
    expect(stage.store.calls("release")).toBeGreaterThanOrEqual(10);
    expect(stage.store.calls("release")).toBeLessThanOrEqual(13);
    expect((await stage.held(id)).lease).toMatchObject({ owner: null, unanswered: 0, failures: 0 });
    stage.journal.broken = false;
    await stage.clock.advance(6 * SECOND);
    expect((await stage.held(id)).tokens.generation).toBe(2);
    expect(stage.server.requests).toHaveLength(1);
  });

  test("readers get the token that lives, and then the reason and who has to act", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.journal.broken = true;
    await stage.clock.advance(HOUR - 30 * SECOND);
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 1, refreshState: "failing" });
    await stage.clock.advance(30 * SECOND);
    await expect(stage.read(id)).rejects.toMatchObject({
      code: "journal_unavailable",
      facts: { reason: "journal_unavailable", whoActs: "operator", retryAfterMs: 5 * SECOND },
    });
  });

  test("a static provider that replaces a refresh token all the same gets it stored", async () => {
    const stage = await openEngineStage({ server: { rotation: false } });
    const id = await stage.connect();
    stage.journal.broken = true;
    stage.server.script(answers(200, { access_token: "a", refresh_token: "replaced", expires_in: 3600 }));
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
    expect((await stage.tokensOf(id)).refreshToken).toBe("replaced");
  });
});
