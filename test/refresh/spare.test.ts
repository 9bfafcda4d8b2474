import { describe, expect, test } from "vitest";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { createGate } from "../stage/gate.ts";
import { answers } from "../stage/plays.ts";
import { race, successor } from "./race.ts";

describe("a token set that came too late to be the newest", () => {
  test("is kept aside, and does not replace the newest", async () => {
    const { a, late, first, id, ...stage } = await race(successor("late"), successor("early"));
    late.open();
    await expect(stage.passing(SECOND, first)).resolves.toEqual({ kind: "renewed" });
    expect(await stage.tokensOf(id)).toMatchObject({ generation: 2, refreshToken: "refresh-early" });
    expect(await stage.connections.spares(id)).toHaveLength(1);
    expect(a.observer.of("refresh.superseded")).toEqual([{ connectionId: id, generation: 1, kept: true }]);
    expect(a.observer.of("refresh.succeeded")).toEqual([]);
    expect((await stage.held(id)).lease).toMatchObject({ owner: null });
  });

  test("is not kept when it is the very one that was stored", async () => {
    const { a, late, first, id, ...stage } = await race(
      (act) => act(),
      (act) => act(),
    );
    late.open();
    await expect(stage.passing(SECOND, first)).resolves.toEqual({ kind: "renewed" });
    expect(await stage.connections.spares(id)).toEqual([]);
    expect(a.observer.of("refresh.superseded")).toEqual([{ connectionId: id, generation: 1, kept: false }]);
    expect(await stage.historyOf(id)).not.toContain("superseded");
  });

  test("is not kept when it holds no refresh token of its own", async () => {
    const { a, late, first, id, ...stage } = await race(answers(200, { access_token: "a" }), successor("early"));
    late.open();
    await stage.passing(SECOND, first);
    expect(await stage.connections.spares(id)).toEqual([]);
    expect(a.observer.of("refresh.superseded")).toMatchObject([{ kept: false }]);
  });

  test("and was over when it came is no reason for anybody to wait", async () => {
    const over = answers(200, { access_token: "a", refresh_token: "refresh-late", expires_in: 0 });
    const { late, first, ...stage } = await race(over, successor("early"));
    late.open();
    await expect(stage.passing(SECOND, first)).resolves.toEqual({ kind: "renewed" });
  });

  test("is kept although the store is down when it comes", async () => {
    const { a, late, first, id, ...stage } = await race(successor("late"), successor("early"));
    a.store.fail("setAside", 3);
    late.open();
    await stage.passing(5 * SECOND, first);
    expect(await stage.connections.spares(id)).toHaveLength(1);
  });
});

const REJECTED = answers(400, { error: "invalid_grant" });

/** A connection with a spare. */
async function withSpare() {
  const { late, first, ...stage } = await race(successor("late"), successor("early"));
  late.open();
  await stage.passing(SECOND, first);
  return stage;
}

describe("when the newest refresh token is rejected", () => {
  test("the spare is tried before anything is decided, and works", async () => {
    const { b, id, ...stage } = await withSpare();
    stage.server.script(REJECTED, successor("next"));
    await expect(stage.passing(SECOND, b.refresh(id))).resolves.toEqual({ kind: "renewed" });
    const sent = stage.server.requests.map(({ refreshToken }) => refreshToken);
    expect(sent.slice(2)).toEqual(["refresh-early", "refresh-late"]);
    expect(await stage.tokensOf(id)).toEqual({
      generation: 4,
      accessToken: "access-next",
      refreshToken: "refresh-next",
    });
    expect(await stage.connections.spares(id)).toEqual([]);
    expect((await stage.held(id)).connection).toMatchObject({ status: "active", diagnosis: null });
    expect(b.observer.of("refresh.spare_promoted")).toEqual([{ connectionId: id, generation: 3 }]);
    expect(await stage.historyOf(id)).toContain("spare_promoted");
  });

  test("readers keep the access token that lives while the spare is tried", async () => {
    const { a, b, id, ...stage } = await withSpare();
    const gate = createGate();
    stage.server.script(REJECTED, (act) => gate.passed().then(() => successor("next")(act)));
    const refresh = b.refresh(id);
    await stage.clock.advance(6 * SECOND);
    const token = await a.read(id);
    expect(token.accessToken.reveal()).toBe("access-early");
    gate.open();
    await stage.passing(SECOND, refresh);
  });

  test("the spare is tried again by itself when the provider fails just then", async () => {
    const { b, id, ...stage } = await withSpare();
    stage.server.script(REJECTED, answers(503, ""), successor("next"));
    await expect(stage.passing(SECOND, b.refresh(id))).resolves.toMatchObject({ kind: "retry_later" });
    const { lease } = await stage.held(id);
    expect(lease.dueAt).toBe(lease.backoffUntil);
    b.sweep.start();
    await stage.clock.advance(10 * SECOND);
    expect(await stage.tokensOf(id)).toMatchObject({ refreshToken: "refresh-next" });
  });

  test("the spare is tried although the store is down in between", async () => {
    const { b, id, ...stage } = await withSpare();
    stage.server.script(REJECTED, successor("next"));
    b.store.fail("spares", 2);
    b.store.fail("promote", 2);
    await expect(stage.passing(5 * SECOND, b.refresh(id))).resolves.toEqual({ kind: "renewed" });
    expect(stage.server.requests).toHaveLength(4);
  });

  test("and the spare too, the connection ends", async () => {
    const { b, id, ...stage } = await withSpare();
    stage.server.always(REJECTED);
    await expect(stage.passing(10 * SECOND, b.refresh(id))).resolves.toEqual({ kind: "ended" });
    const sent = stage.server.requests.map(({ refreshToken }) => refreshToken);
    expect(new Set(sent.slice(2))).toEqual(new Set(["refresh-early", "refresh-late"]));
    expect((await stage.held(id)).connection.status).toBe("reauthorization_required");
  });

  test("in the provider's bad minutes, both are kept, and the one that works is found when they are over", async () => {
    const { b, id, ...stage } = await withSpare();
    stage.server.always(REJECTED);
    const others = await Promise.all(Array.from({ length: 21 }, () => stage.connect()));
    await stage.passing(10 * SECOND, Promise.all(others.map((other) => b.refresh(other))));
    await expect(stage.passing(10 * SECOND, b.refresh(id))).resolves.toMatchObject({ kind: "retry_later" });
    expect((await stage.held(id)).connection.status).toBe("degraded");
    await stage.clock.advance(11 * MINUTE);
    const { length } = stage.server.requests;
    stage.server.script(REJECTED, successor("next"));
    await expect(stage.passing(10 * SECOND, b.refresh(id))).resolves.toEqual({ kind: "renewed" });
    const sent = stage.server.requests.slice(length).map(({ refreshToken }) => refreshToken);
    expect(sent).toEqual(["refresh-late", "refresh-early"]);
    expect((await stage.held(id)).connection.status).toBe("active");
  });

  test("and another instance has committed meanwhile, its token set is taken, and the spare is left alone", async () => {
    const { b, id, ...stage } = await withSpare();
    const { tokens } = await stage.held(id);
    stage.server.script(REJECTED);
    b.store.before("promote", async () => {
      const other = { ...tokens, generation: 3, scope: ["other"] };
      await stage.connections.recover({ connectionId: id, tokens: other, dueAt: 1, history: [] });
    });
    await expect(stage.passing(SECOND, b.refresh(id))).resolves.toEqual({ kind: "renewed" });
    expect((await stage.held(id)).tokens).toMatchObject({ generation: 3, scope: ["other"] });
    expect(b.observer.of("refresh.spare_promoted")).toEqual([]);
    expect(stage.server.requests).toHaveLength(3);
  });

  test("a promotion whose answer was lost is made once", async () => {
    const { b, id, ...stage } = await withSpare();
    stage.server.script(REJECTED, successor("next"));
    b.store.loseAnswer("promote");
    await expect(stage.passing(SECOND, b.refresh(id))).resolves.toEqual({ kind: "renewed" });
    expect(await stage.tokensOf(id)).toMatchObject({ generation: 4, refreshToken: "refresh-next" });
    expect(await stage.connections.spares(id)).toEqual([]);
  });
});
