import { expect, test, vi } from "vitest";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";
import { openEngineStage } from "../stage/engine-stage.ts";
import { answer, answers } from "../stage/plays.ts";
import { expectHealthy } from "./outcome.ts";

// They are short, but the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

const NOT_VALID = {
  error: "invalid_grant",
  error_description:
    "AADSTS70000: The provided value for the input parameter 'refresh_token' or 'assertion' is not valid. Trace ID: 91af4011-2822-4038-b029-ddd8c46caf00 Correlation ID: ee3f808b-2662-4eca-ad60-c824a57f2719 Timestamp: 2024-04-15 18:41:56Z",
  error_codes: [70_000],
};

test("aadsts70000-intermittent-same-token-works-later: two rejections within minutes are not believed where reuse does no harm", async () => {
  const stage = await openEngineStage({ entry: builtInEntry("microsoft"), server: { rotation: false } });
  const id = await stage.connect();
  stage.server.script(answers(400, NOT_VALID), answers(400, NOT_VALID));
  await stage.clock.leap(51 * MINUTE);
  stage.sweep.start();
  await stage.clock.advance(6 * MINUTE);
  expect(stage.observer.of("connection.reauthorization_required")).toEqual([]);
  expect(stage.server.requests).toHaveLength(3);
  await expectHealthy(stage, id);
});

const EXPIRED = '{"error":"invalid_grant","error_description":"expired access/refresh token"}';

test("salesforce-intermittent-invalid-grant: a first rejection is asked about again a while later before a user hears of it", async () => {
  const stage = await openEngineStage({ entry: builtInEntry("salesforce"), server: { rotation: false } });
  const id = await stage.connect();
  stage.server.script(answers(400, EXPIRED));
  stage.sweep.start();
  await stage.clock.advance(0);
  const refused = stage.rejected(id, 1).catch((error: unknown) => error);
  await stage.clock.advance(3 * MINUTE);
  expect(await refused).toMatchObject({ facts: { whoActs: "nobody" } });
  expect(stage.observer.of("connection.reauthorization_required")).toEqual([]);
  await expectHealthy(stage, id);
});

test("salesforce-new-credentials-not-propagated: rejections in the first minute after the consent do not end the connection", async () => {
  const stage = await openEngineStage({ entry: builtInEntry("salesforce"), server: { rotation: false } });
  const id = await stage.connect({ account: "alice" });
  const connectedAt = stage.clock.now();
  stage.server.always((act) =>
    stage.clock.now() < connectedAt + MINUTE ? answer(400, '{"error":"invalid_grant"}') : act(),
  );
  await stage.passing(10 * SECOND, stage.refresh(id, { origin: "proof" }));
  stage.sweep.start();
  await stage.clock.advance(3 * MINUTE);
  expect(stage.observer.of("connection.reauthorization_required")).toEqual([]);
  await expectHealthy(stage, id);
});
