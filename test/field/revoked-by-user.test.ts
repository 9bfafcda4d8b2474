import { expect, test } from "vitest";
import { DAY, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";
import { openEngineStage } from "../stage/engine-stage.ts";
import { answers, rejectsWith } from "../stage/plays.ts";
import { sentTo } from "./outcome.ts";

// What the user took back is the refresh token; the API takes the access token until its end.
test("revoked-consent-access-token-still-works: a revocation is found out before the access token has ended, and nothing is handed out then", async () => {
  const stage = await openEngineStage({ entry: builtInEntry("microsoft"), server: { rotation: false } });
  const id = await stage.connect();
  stage.server.always(answers(400, { error: "invalid_grant", error_codes: [65001] }));
  stage.sweep.start();
  await stage.clock.leap(40 * MINUTE);
  await stage.clock.advance(SECOND);
  await expect(stage.read(id)).resolves.toMatchObject({ generation: 1, refreshState: "ok" });
  await stage.clock.leap(15 * MINUTE);
  await stage.clock.advance(10 * SECOND);
  expect(stage.clock.now()).toBeLessThan((await stage.held(id)).tokens.expiresAt ?? 0);
  const ended = { code: "reauthorization_required", facts: { reason: "revoked_by_user", whoActs: "user" } };
  await expect(stage.read(id)).rejects.toMatchObject(ended);
  expect(stage.server.requests).toHaveLength(2);
});

test("salesforce-session-removed-kills-rotating-token: a session that was removed ends the connection when the provider has said so twice, and then it is never tried again", async () => {
  const stage = await openEngineStage({ entry: builtInEntry("salesforce"), server: { reuse: "punished" } });
  const id = await stage.connect();
  await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
  stage.server.revoke("refresh-1-2");
  const words = { error: "invalid_grant", error_description: "expired access/refresh token" };
  stage.server.always(rejectsWith(400, words));
  await expect(stage.refresh(id)).resolves.toMatchObject({ kind: "retry_later" });
  await stage.clock.leap(2 * MINUTE);
  await expect(stage.refresh(id)).resolves.toEqual({ kind: "ended" });
  const { connection } = await stage.held(id);
  expect(connection).toMatchObject({
    status: "reauthorization_required",
    diagnosis: { evidence: { description: words.error_description } },
  });
  stage.sweep.start();
  for (let day = 0; day < 7; day++) {
    await stage.clock.leap(DAY);
    await stage.clock.advance(2 * SECOND);
    await expect(stage.read(id)).rejects.toMatchObject({
      code: "reauthorization_required",
      facts: { whoActs: "user" },
    });
  }
  expect(sentTo(stage.server)).toEqual(["refresh-1-1", "refresh-1-2", "refresh-1-2"]);
});
