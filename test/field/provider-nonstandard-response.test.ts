import { expect, test } from "vitest";
import { providerSchema } from "../../src/provider/provider.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { adds, answer, answers, losesItsAnswer } from "../stage/plays.ts";
import { expectEnded, expectHealthy, sentTo } from "./outcome.ts";

/** A refresh that is answered so brings nothing, ends nothing, and leaves what is stored byte for byte. */
async function expectNothingChanged(stage: EngineStage, id: string, status: number, body: object | string) {
  const { tokens } = await stage.held(id);
  const text = typeof body === "string" ? body : JSON.stringify(body);
  stage.server.script(answers(status, text));
  await expect(stage.refresh(id, { origin: "manual" })).resolves.toMatchObject({ kind: "retry_later" });
  const after = await stage.held(id);
  expect([text, after.tokens]).toEqual([text, tokens]);
  expect(after.connection.status).not.toBe("reauthorization_required");
  await stage.clock.leap(6 * MINUTE);
}

test("200-without-access-token: a success without an access token is a failure that passes, told with its code", async () => {
  const answersWithout: [status: number, body: object | string][] = [
    [200, "{}"],
    [200, '{"token_type":"Bearer"}'],
    [200, { access_token: null }],
    [200, { access_token: "", refresh_token: "" }],
    [200, { access_token: 17 }],
    [200, "[]"],
    [200, ""],
    [204, ""],
  ];
  const stage = await openEngineStage();
  const id = await stage.connect();
  for (const [status, body] of answersWithout) await expectNothingChanged(stage, id, status, body);
  const told = stage.observer.of("refresh.answer_lost").map(({ code }) => code);
  expect(told).toHaveLength(answersWithout.length);
  expect(told.slice(0, 2)).toEqual(["http_200_no_access_token", "http_200_no_access_token"]);
  expect(told.at(-1)).toBe("http_204_empty");
  await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
  await expectHealthy(stage, id);
});

const BAD_REFRESH_TOKEN = {
  error: "bad_refresh_token",
  error_description: "The refresh token passed is incorrect or expired.",
  error_uri: "https://docs.github.com",
};

test("github-200-with-error-body: an error inside HTTP 200 is that error, and one that is not known changes nothing", async () => {
  const entry = builtInEntry("github-app-user");
  const stage = await openEngineStage({ entry });
  const id = await stage.connect();
  await expectNothingChanged(stage, id, 200, { error: "something_new", error_description: "?" });
  const form = new URLSearchParams(BAD_REFRESH_TOKEN).toString();
  await expectNothingChanged(stage, id, 200, form);
  expect(stage.server.requests.map(({ headers }) => headers["accept"])).toEqual([
    "application/json",
    "application/json",
  ]);
  await expect(stage.refresh(id, { origin: "manual" })).resolves.toEqual({ kind: "renewed" });
  await expectHealthy(stage, id);

  stage.server.script(answers(200, BAD_REFRESH_TOKEN));
  await expect(stage.refresh(id, { origin: "manual" })).resolves.toEqual({ kind: "ended" });
  await expectEnded(stage, id, {
    evidence: expect.objectContaining({
      code: "bad_refresh_token",
      description: "The refresh token passed is incorrect or expired.",
    }),
  });
});

// The server spends the refresh token before it looks at the client.
test("go-auth-style-probe-sends-two-requests: a refused client is not tried in another way, and the refusal is kept as it was", async () => {
  for (const authentication of ["client_secret_post", "client_secret_basic"] as const) {
    const entry = builtInEntry("zoom", { changes: { authentication } });
    const stage = await openEngineStage({ entry, server: { reuse: "punished" } });
    const id = await stage.connect();
    stage.server.script((act) => {
      act();
      return answer(401, { error: "invalid_client", error_description: "Unknown client." });
    });
    await expect(stage.refresh(id)).resolves.toMatchObject({ kind: "client_suspended" });
    const [request, ...more] = stage.server.requests;
    expect(more).toEqual([]);
    const ways = [request?.headers["authorization"] !== undefined, request?.form.has("client_secret")];
    expect(ways).toEqual(authentication === "client_secret_basic" ? [true, false] : [false, true]);
    expect(stage.observer.of("client.suspended")).toEqual([expect.objectContaining({ code: "invalid_client" })]);
    expect((await stage.held(id)).connection.status).toBe("suspended");
    for (let call = 0; call < 5; call++)
      await expect(stage.refresh(id)).resolves.toMatchObject({ cause: expect.anything() });
    expect(stage.server.requests).toHaveLength(1);
  }
});

test("hubspot-mandatory-redirect-uri-or-wrong-grant-body: status and message are read as error and description, for token and client", async () => {
  const stage = await openEngineStage({ entry: builtInEntry("hubspot"), server: { rotation: false } });
  const id = await stage.connect();
  stage.server.script(
    answers(400, '{"status":"BAD_CLIENT_SECRET","message":"missing or invalid client secret","correlationId":"..."}'),
  );
  await expect(stage.refresh(id)).resolves.toMatchObject({ kind: "client_suspended", cause: "client_secret_rejected" });
  expect((await stage.held(id)).connection.status).toBe("suspended");
  await stage.clock.leap(2 * MINUTE);
  stage.server.always(
    answers(400, '{"status":"BAD_REFRESH_TOKEN","message":"missing or unknown refresh token","correlationId":"..."}'),
  );
  await expect(stage.passing(MINUTE, stage.refresh(id))).resolves.toEqual({ kind: "ended" });
  await expectEnded(stage, id, {
    cause: "revoked_by_user",
    evidence: expect.objectContaining({ code: "BAD_REFRESH_TOKEN", description: "missing or unknown refresh token" }),
  });
});

const RFC_SENTENCE =
  "The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.";

test("rclone-legacy-invalid-grant-long-text: the standard's own sentence about five causes names none of them", async () => {
  for (const provider of [undefined, "google", "microsoft", "salesforce", "keycloak", "zoho"]) {
    const parameters = provider === "keycloak" ? { host: "sso.example.com", realm: "main" } : {};
    const entry = provider === undefined ? undefined : builtInEntry(provider, { parameters });
    const stage = await openEngineStage({ ...(entry && { entry }) });
    const id = await stage.connect();
    stage.server.always(answers(400, { error: "invalid_grant", error_description: RFC_SENTENCE }));
    await stage.clock.leap(HOUR);
    await stage.passing(
      MINUTE,
      stage.read(id).catch(() => undefined),
    );
    // One of them is asked again before it is believed.
    await stage.clock.leap(2 * MINUTE);
    await expect(stage.passing(MINUTE, stage.read(id))).rejects.toMatchObject({ facts: { whoActs: "user" } });
    await expectEnded(stage, id, { cause: "unknown", confidence: "possible" });
    expect(stage.observer.of("client.suspended")).toEqual([]);
  }
});

const SLOW_DOWN =
  '{"error_description":"You have made too many requests continuously. Please try again after some time.","error":"Access Denied","status":"failure"}';

test("zoho-response-without-expires-in-random: a refusal inside HTTP 200, now and then, delays one refresh and no more", async () => {
  const stage = await openEngineStage({ entry: builtInEntry("zoho"), server: { rotation: false } });
  const id = await stage.connect();
  for (let round = 1; round <= 3; round++) {
    for (let refresh = 1; refresh <= 20; refresh++) {
      await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
      expect((await stage.held(id)).tokens.expiresAt).toBe(stage.clock.now() + HOUR);
      await stage.clock.leap(50 * MINUTE);
    }
    await expectNothingChanged(stage, id, 200, SLOW_DOWN);
    expect((await stage.held(id)).lease).toMatchObject({ failures: 1, cause: "provider_rate_limited" });
  }
  await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
  expect(stage.server.requests).toHaveLength(64);
  await expectHealthy(stage, id);
});

test("zoom-invalid-token-body-with-reason: what the provider calls a reason is what people are told", async () => {
  const stage = await openEngineStage({ entry: builtInEntry("zoom") });
  const id = await stage.connect();
  stage.server.always(answers(400, '{"reason":"Invalid Token!","error":"invalid_grant"}'));
  await stage.clock.leap(HOUR);
  await expect(stage.passing(MINUTE, stage.read(id))).rejects.toMatchObject({ code: "reauthorization_required" });
  await expectEnded(stage, id, {
    evidence: expect.objectContaining({ code: "invalid_grant", description: "Invalid Token!" }),
  });
  expect(sentTo(stage.server)).toEqual(["refresh-1-1"]);
});

// Within its grace period the server answers a refresh token again, and names that same one as the next.
test("grace-period-response-carries-old-refresh-token: when the old token stops to work, the answer that was lost is named as the cause", async () => {
  const stage = await openEngineStage({ server: { reuse: { windowMs: 2 * MINUTE } } });
  const id = await stage.connect();
  await stage.refresh(id);
  stage.server.script(losesItsAnswer, adds({ refresh_token: "refresh-1-2" }));
  await stage.refresh(id);
  await stage.clock.leap(MINUTE);
  await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
  expect(sentTo(stage.server)).toEqual(["refresh-1-1", "refresh-1-2", "refresh-1-2"]);
  expect((await stage.tokensOf(id)).refreshToken).toBe("refresh-1-2");
  const lostAt = stage.server.requests[1]?.at;
  await stage.clock.leap(HOUR);
  const last = stage.refresh(id);
  await stage.clock.advance(10 * SECOND);
  await expect(last).resolves.toEqual({ kind: "ended" });
  await expectEnded(stage, id, {
    cause: "rotation_lost",
    confidence: "likely",
    evidence: expect.objectContaining({ answer_lost_at: lostAt }),
  });
});

/** An operator has learned what the server means by a code, and says so in its entry. */
async function teach(stage: EngineStage, match: { code: string[]; text?: string[] }): Promise<void> {
  const entry = await stage.catalogue.find("provider");
  const rule = {
    match,
    meaning: "The refresh token is over.",
    outcome: "rejected",
    cause: "unknown",
    confidence: "likely",
  };
  await stage.catalogue.put(providerSchema.parse({ ...entry, failure_rules: [rule] }));
}

test("metabase-invalid-request-for-dead-token: a code that nobody knows is asked about rarely, told once, and ends nothing until somebody says what it means", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  stage.server.always(answers(400, { error: "invalid_request" }));
  await stage.clock.leap(HOUR);
  stage.sweep.start();
  await expect(stage.read(id)).rejects.toMatchObject({ code: "provider_unavailable" });
  for (let waited = 0; waited < 7 * DAY; waited += 10 * MINUTE) {
    await stage.clock.leap(10 * MINUTE);
    await stage.clock.advance(2 * SECOND);
  }
  // Metabase's own got 548 in a week.
  expect(stage.server.requests.length).toBeLessThan(400);
  expect(stage.observer.of("connection.degraded")).toHaveLength(1);
  const { connection } = await stage.held(id);
  expect(connection).toMatchObject({
    status: "degraded",
    diagnosis: { cause: "provider_response_unrecognised", evidence: { code: "invalid_request" } },
  });
  await teach(stage, { code: ["invalid_request"] });
  await stage.clock.leap(HOUR);
  await stage.clock.advance(10 * SECOND);
  await expectEnded(stage, id, { cause: "unknown", confidence: "likely" });
});

test("as-returns-invalid-request-for-revoked-token: what an entry says of its words ends the connection, and the same code in other words does not", async () => {
  const stage = await openEngineStage({ server: { rotation: false } });
  await teach(stage, { code: ["invalid_request"], text: ["session not found"] });
  const ids = [await stage.connect(), await stage.connect()];
  const [dead = "", alive = ""] = ids;
  const said = { error: "invalid_request", error_description: "session not found" };
  stage.server.always(answers(400, said));
  const last = stage.refresh(dead);
  await stage.clock.advance(10 * SECOND);
  await expect(last).resolves.toEqual({ kind: "ended" });
  await expectEnded(stage, dead, { evidence: expect.objectContaining({ description: "session not found" }) });
  stage.server.always(answers(400, { ...said, error_description: "grant_type is missing" }));
  await expect(stage.refresh(alive)).resolves.toMatchObject({ kind: "retry_later" });
  stage.server.always(null);
  await stage.clock.leap(HOUR);
  await expect(stage.refresh(alive)).resolves.toEqual({ kind: "renewed" });
  await expectHealthy(stage, alive);
});
