import { describe, expect, test } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { createEngine } from "../stage/engine.ts";
import { openEngineStage } from "../stage/engine-stage.ts";
import { answers, takes } from "../stage/plays.ts";

describe("a token that the API refused", () => {
  test("leads to one forced refresh", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await expect(stage.rejected(id, 1)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
    expect(stage.server.requests).toHaveLength(1);
    expect((await stage.held(id)).tokens.origin).toBe("rejected");
  });

  test("of an older generation leads to the current one, without a request", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.refresh(id);
    await expect(stage.rejected(id, 1)).resolves.toMatchObject({ generation: 2 });
    expect(stage.server.requests).toHaveLength(1);
  });

  test("of an older generation leads to the one of another instance, although this one remembers the old", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.read(id);
    const other = createEngine(stage);
    await other.refresher.refresh({ connectionId: id, generation: 1, origin: "ahead" });
    await expect(stage.rejected(id, 1)).resolves.toMatchObject({ generation: 2 });
    expect(stage.server.requests).toHaveLength(1);
  });

  test("by a hundred callers at once leads to one request", async () => {
    const stage = await openEngineStage({ server: { reuse: "punished" } });
    const id = await stage.connect();
    const tokens = await Promise.all(Array.from({ length: 100 }, () => stage.rejected(id, 1)));
    expect(new Set(tokens.map(({ accessToken }) => accessToken.reveal()))).toEqual(new Set(["access-1-2"]));
    expect(stage.server.requests).toHaveLength(1);
  });

  test("right after a forced refresh is not refreshed again: the trouble lies elsewhere", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.rejected(id, 1);
    for (let again = 0; again < 100; again++) {
      await expect(stage.rejected(id, 2)).rejects.toMatchObject({
        code: "api_rejects_fresh_token",
        facts: { reason: "api_rejects_fresh_token", whoActs: "operator", connectionId: id },
      });
    }
    expect(stage.server.requests).toHaveLength(1);
    expect((await stage.held(id)).connection.status).toBe("active");
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 2 });
  });

  test("a minute after a forced refresh may be forced once more", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.rejected(id, 1);
    await stage.clock.advance(MINUTE - 1);
    await expect(stage.rejected(id, 2)).rejects.toMatchObject({ code: "api_rejects_fresh_token" });
    await stage.clock.advance(1);
    await expect(stage.rejected(id, 2)).resolves.toMatchObject({ generation: 3 });
  });

  test("of a generation that never was is the caller's mistake", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await expect(stage.rejected(id, 2)).rejects.toMatchObject({ code: "invalid_request" });
    expect(stage.server.requests).toHaveLength(0);
  });

  test("because the user revoked shows that the user must act, and that is remembered", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.revoke("refresh-1-1");
    const failure = { code: "reauthorization_required", facts: { reason: "unknown", whoActs: "user" } };
    await expect(stage.rejected(id, 1)).rejects.toMatchObject(failure);
    await expect(stage.rejected(id, 1)).rejects.toMatchObject(failure);
    await expect(stage.read(id)).rejects.toMatchObject(failure);
    expect(stage.server.requests).toHaveLength(1);
  });

  test("of a connection without a refresh token shows that the user must act", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect({ withoutRefreshToken: true });
    await expect(stage.rejected(id, 1)).rejects.toMatchObject({ code: "reauthorization_required" });
  });

  test("of a disconnected connection is answered as such", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.connections.disconnect(id, { kind: "disconnected", generation: 1, detail: {} });
    await expect(stage.rejected(id, 1)).rejects.toMatchObject({ code: "connection_disconnected" });
  });
});

describe("when the forced refresh brings nothing", () => {
  test("the refused token is not handed out again; the failure is passing", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.always(answers(503, ""));
    const failure = { code: "provider_unavailable", facts: { reason: "provider_unavailable" } };
    await expect(stage.rejected(id, 1)).rejects.toMatchObject(failure);
    await expect(stage.rejected(id, 1)).rejects.toMatchObject(failure);
    expect(stage.server.requests).toHaveLength(1);
  });

  test("a newer token that has run out is not handed out either", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.refresh(id);
    await stage.clock.advance(HOUR);
    stage.server.always(answers(503, ""));
    await expect(stage.rejected(id, 1)).rejects.toMatchObject({ code: "provider_unavailable" });
  });

  test("in fifteen seconds, the caller is told to ask again, and the exchange goes on", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.script(takes(stage.clock, 20 * SECOND));
    const rejected = stage.rejected(id, 1).catch((error: unknown) => error);
    await stage.clock.advance(15 * SECOND);
    expect(await rejected).toMatchObject({ code: "refresh_timeout" });
    await stage.clock.advance(5 * SECOND);
    await expect(stage.rejected(id, 1)).resolves.toMatchObject({ generation: 2 });
    expect(stage.server.requests).toHaveLength(1);
  });
});

test("a long operation that the API refuses half-way gets one new token and goes on", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const id = await stage.connect();
  let token = await stage.read(id);
  let refused = 0;
  for (let page = 0; page < 60; page++) {
    await stage.clock.advance(MINUTE);
    // The API lets tokens die after 40 minutes, whatever was promised.
    const age = stage.clock.now() - (await stage.held(id)).tokens.obtainedAt;
    if (age > 40 * MINUTE) {
      refused++;
      token = await stage.rejected(id, token.generation);
    }
  }
  expect(refused).toBe(1);
  expect(token.generation).toBe(2);
  expect(stage.server.requests).toHaveLength(1);
});

test("a challenge that asks for more scope leads to no refresh: the next token would have the same scope", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  const challenge = 'Bearer realm="files", error="insufficient_scope", scope="files.write"';
  await expect(stage.rejected(id, 1, challenge)).rejects.toMatchObject({
    code: "api_rejects_fresh_token",
    facts: { whoActs: "operator" },
  });
  expect(stage.server.requests).toHaveLength(0);
});
