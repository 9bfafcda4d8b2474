import { createScriptedUser } from "@evergrant/sandbox";
import { expect, test, vi } from "vitest";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";
import { openEngineStage } from "../stage/engine-stage.ts";
import { answers } from "../stage/plays.ts";
import { openStage } from "../stage/stage.ts";
import { later } from "./later.ts";
import { garble } from "../stage/garble.ts";
import { expectHealthy, expectNoReuse } from "./outcome.ts";
import { connectMany } from "./refused-client.ts";
import { entryOf } from "./rotating-endpoint.ts";
import { entryFor, startScriptedProvider, tokens } from "./scripted-provider.ts";

// One of them is long, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000 });

const RFC_SENTENCE =
  "The provided authorization grant (e.g., authorization code, resource owner credentials) or refresh token is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.";

test("buried-reason-in-raw-rfc-text: a caller reads what happened, to which connection, who can help and where; the provider's words are evidence", async () => {
  const provider = await startScriptedProvider();
  const stage = await openStage({ provider: () => entryOf(provider) });
  const adopted = { client: stage.clientId, token_set: { refresh_token: "rt-0" }, account: { id: "7" }, verify: true };
  const id = (await stage.api("POST", "/v1/connections/import", adopted)).at("id");
  provider.token = () => ({ status: 400, body: { error: "invalid_grant", error_description: RFC_SENTENCE } });
  await later(stage, HOUR);
  const refused = await stage.token(id);
  expect(refused.body).toEqual({
    type: "urn:evergrant:problem:reauthorization_required",
    title: "reauthorization required",
    status: 409,
    detail:
      "The provider does not accept the refresh token and does not say why; a new consent of the user brings another one.",
    code: "reauthorization_required",
    cause: "unknown",
    who_acts: "user",
    connection_id: id,
    reauthorization_url: expect.stringContaining(`/reauthorize/${id}.`),
    docs: "docs/errors.md#reauthorization_required",
  });
  expect((await stage.api("GET", `/v1/connections/${id}`)).body).toMatchObject({
    account: { id: "7" },
    diagnosis: {
      user_sentence: "The access to your account has ended. Please sign in again to go on.",
      evidence: { code: "invalid_grant", description: RFC_SENTENCE },
    },
  });
});

const GOOGLE_WORDS = ["Bad Request", "Token has been expired or revoked."];

test("google-invalid-grant-bad-request-one-user: both of the provider's texts end the one connection for a reason that is not known", async () => {
  const stage = await openEngineStage({ entry: builtInEntry("google"), server: { rotation: false } });
  const ids = await connectMany(stage, 3);
  for (const [index, words] of GOOGLE_WORDS.entries()) {
    const id = ids[index] ?? "";
    const refused = answers(400, { error: "invalid_grant", error_description: words });
    // It is asked once more where that does no harm.
    stage.server.script(refused, refused);
    await expect(stage.passing(5 * SECOND, stage.refresh(id))).resolves.toEqual({ kind: "ended" });
    expect((await stage.held(id)).connection).toMatchObject({
      status: "reauthorization_required",
      diagnosis: { cause: "unknown", evidence: { code: "invalid_grant", description: words } },
    });
  }
  const healthy = ids.at(-1) ?? "";
  await expect(stage.refresh(healthy)).resolves.toEqual({ kind: "renewed" });
  await expectHealthy(stage, healthy);
});

test("salesforce-activation-secret-invalid: a description that nobody knows is classed by its code, and kept", async () => {
  const stage = await openEngineStage({ entry: builtInEntry("salesforce") });
  const id = await stage.connect();
  const words = { code: "invalid_grant", description: "activation secret invalid" };
  stage.server.always(answers(400, { error: words.code, error_description: words.description }));
  await stage.refresh(id);
  // It says so of good tokens too, so it is asked once more.
  await stage.clock.leap(2 * MINUTE);
  await expect(stage.refresh(id)).resolves.toEqual({ kind: "ended" });
  const { connection } = await stage.held(id);
  expect(connection).toMatchObject({
    status: "reauthorization_required",
    diagnosis: { cause: "unknown", confidence: "possible", evidence: words },
  });
  const [latest] = await stage.connections.history(id, { limit: 1, before: null });
  expect(latest).toMatchObject({ kind: "reauthorization_required", detail: words });
});

test("stale-tick-capped-connections-silently-skipped: five thousand idle connections that are due together are all refreshed at once", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const ids = await connectMany(stage, 5000);
  // Nobody has read them, and they are due before their refresh tokens lapse.
  await stage.clock.leap(2 * DAY);
  stage.sweep.start();
  await stage.clock.advance(30 * SECOND);
  expect(stage.server.requests).toHaveLength(ids.length);
  expectNoReuse(stage.server);
  const all = await Promise.all(ids.map((id) => stage.held(id)));
  const overdue = all.filter(({ lease }) => lease.dueAt === null || lease.dueAt <= stage.clock.now());
  expect(overdue).toEqual([]);
  expect(new Set(all.map(({ tokens: { generation } }) => generation))).toEqual(new Set([2]));
});

test("xero-dead-credentials-file-blocks-reconnect: neither the start nor the end of a reconnect looks at the old tokens", async () => {
  const provider = await startScriptedProvider();
  // No second opinion: a refused refresh token counts as refused at once.
  const entry = { ...entryFor(provider, "xero"), identity: { from: "none" }, replay: { class: "none" } };
  const stage = await openStage({ provider: () => entry });
  const { connectionId } = await stage.connect();
  provider.token = () => ({ status: 400, body: { error: "invalid_grant" } });
  await later(stage, HOUR);
  expect((await stage.token(connectionId)).body).toMatchObject({ code: "reauthorization_required" });
  await garble(stage, connectionId);

  provider.token = () => ({ body: tokens(2) });
  const asked = provider.tokenRequests.length;
  const started = await stage.api("POST", "/v1/connect-sessions", { connection: connectionId });
  expect(provider.tokenRequests).toHaveLength(asked);
  const page = await createScriptedUser({ user: "alice" }).visit(started.at("connect_url"));
  expect(page.body).toContain("The account is connected");
  expect(provider.tokenRequests.at(-1)?.get("grant_type")).toBe("authorization_code");
  expect(provider.tokenRequests).toHaveLength(asked + 1);
  expect((await stage.token(connectionId)).body).toMatchObject({ access_token: "at-2", refresh_state: "ok" });
});
