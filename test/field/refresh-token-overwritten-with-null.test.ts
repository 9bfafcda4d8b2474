import { expect, test } from "vitest";
import { HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { openEngineStage } from "../stage/engine-stage.ts";
import { answers, type Play } from "../stage/plays.ts";
import { expectHealthy, sentTo } from "./outcome.ts";

/** Answers that are no success, whatever their status says. */
const NO_SUCCESS: Play[] = [
  answers(200, "<!doctype html><title>Sign in</title>"),
  answers(200, { error: "server_error" }),
  answers(400, { error: "invalid_request" }),
  answers(200, "{}"),
  answers(302, ""),
];

test("n8n-credential-garbled-after-provider-error: the stored token set stays the same, byte for byte, until a success", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  const before = (await stage.held(id)).tokens;
  for (const play of NO_SUCCESS) {
    stage.server.script(play);
    await expect(stage.refresh(id)).resolves.toMatchObject({ kind: "retry_later" });
    expect((await stage.held(id)).tokens).toEqual(before);
    await stage.clock.leap(5 * MINUTE);
  }
  expect(stage.server.requests).toHaveLength(NO_SUCCESS.length);
  // What went wrong is written elsewhere.
  expect((await stage.held(id)).lease).toMatchObject({ failures: NO_SUCCESS.length });
  await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
  await expectHealthy(stage, id);
  // Even the end of the connection leaves its tokens as they are.
  const last = (await stage.held(id)).tokens;
  stage.server.script(answers(400, { error: "invalid_grant" }));
  await expect(stage.refresh(id)).resolves.toEqual({ kind: "ended" });
  expect((await stage.held(id)).tokens).toEqual(last);
});

test("spring-refresh-drops-refresh-token: three answers without a refresh token leave the one that is stored", async () => {
  const stage = await openEngineStage({ server: { rotation: false } });
  const id = await stage.connect();
  for (let expiry = 1; expiry <= 3; expiry++) {
    await stage.clock.leap(HOUR);
    await expect(stage.read(id)).resolves.toMatchObject({ generation: expiry + 1, refreshState: "ok" });
    expect((await stage.tokensOf(id)).refreshToken).toBe("refresh-1-1");
  }
  expect(sentTo(stage.server)).toEqual(["refresh-1-1", "refresh-1-1", "refresh-1-1"]);
  await expectHealthy(stage, id);
});

// The first answer holds a refresh token, every later one names it and says null.
test("token-response-refresh-token-null-literal: null means that the token stays as it is", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const id = await stage.connect();
  await stage.refresh(id);
  const withNull =
    '{"access_token":"08527665-...","token_type":"bearer","refresh_token":null,"expires_in":7198,"scope":"files.read files.write"}';
  stage.server.script(answers(200, withNull), answers(200, withNull));
  for (let generation = 3; generation <= 4; generation++) {
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
    const stored = { generation, accessToken: "08527665-...", refreshToken: "refresh-1-2" };
    expect(await stage.tokensOf(id)).toEqual(stored);
  }
  await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
  expect(sentTo(stage.server)).toEqual(["refresh-1-1", "refresh-1-2", "refresh-1-2", "refresh-1-2"]);
  await expectHealthy(stage, id);
});
