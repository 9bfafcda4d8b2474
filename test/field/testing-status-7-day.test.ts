import { createEvergrant, ReauthorizationRequiredError } from "@evergrant/sdk";
import { expect, test } from "vitest";
import { DAY, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";
import { openEngineStage } from "../stage/engine-stage.ts";
import { answer, answers } from "../stage/plays.ts";
import { startPageServer } from "../stage/page-server.ts";
import { openStage } from "../stage/stage.ts";
import { expectEnded, sentTo } from "./outcome.ts";

const REVOKED = '{"error":"invalid_grant","error_description":"Token has been expired or revoked."}';

// The access token has most of an hour to live when the API refuses it; the grant behind it is gone.
test("seven-day-plus-no-retry-on-revoked-access-token: one 401 leads to one refresh, and its rejection reaches the caller by its own name", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  const calls: string[] = [];
  const api = await startPageServer((request, response) => {
    calls.push(request.headers.authorization ?? "");
    response.writeHead(401).end();
  });
  await stage.sandbox.control.revokeUser("alice");
  const job = createEvergrant({ url: stage.service.url, apiKey: stage.adminKey }).connection(connectionId);
  const refused = await job.fetch(api).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ReauthorizationRequiredError);
  expect(refused).toMatchObject({ code: "reauthorization_required", connectionId });
  await expect(job.fetch(api)).rejects.toBeInstanceOf(ReauthorizationRequiredError);
  expect(calls).toHaveLength(1);
  expect(stage.sandbox.control.counts()).toMatchObject({ refreshRequests: 1 });

  // At Google a second request does no harm: it asks once more whether that was meant, and then never again.
  const google = await openEngineStage({ entry: builtInEntry("google"), server: { rotation: false } });
  const id = await google.connect();
  const { generation } = await google.read(id);
  google.server.always(answers(400, REVOKED));
  for (let call = 0; call < 5; call++) {
    await expect(google.passing(MINUTE, google.rejected(id, generation))).rejects.toMatchObject({
      code: "reauthorization_required",
      facts: { whoActs: "user", connectionId: id },
    });
  }
  expect(sentTo(google.server)).toEqual(["refresh-1-1", "refresh-1-1"]);
});

test("testing-status-seven-days: a refresh token of seven days that ends on time points to the status of the client", async () => {
  const stage = await openEngineStage({ entry: builtInEntry("google"), server: { rotation: false } });
  const life = 604_799;
  const id = await stage.connect({ account: "alice", refreshExpiresIn: life });
  const consentedAt = stage.clock.now();
  stage.server.always((act) => (stage.clock.now() - consentedAt > life * SECOND ? answer(400, REVOKED) : act()));
  for (let day = 0; day < 7; day++) {
    await stage.clock.leap(DAY);
    await stage.passing(
      MINUTE,
      stage.read(id).catch(() => undefined),
    );
  }
  expect((await stage.held(id)).tokens.refreshExpiresAt).toBe(consentedAt + life * SECOND);
  await expectEnded(stage, id, { cause: "testing_status_expired" });
  await expect(stage.read(id)).rejects.toMatchObject({ facts: { whoActs: "operator" } });
});
