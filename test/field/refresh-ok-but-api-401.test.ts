import { expect, test } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { codeOf } from "../../src/runtime/service-error.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { openStage } from "../stage/stage.ts";
import { TENANT } from "../stage/world.ts";
import { distinct, expectHealthy, sentTo } from "./outcome.ts";
import { entryFor, startScriptedProvider } from "./scripted-provider.ts";

// A workflow holds the token that a refresh behind its back has just ended.
test("airtable-refresh-kills-access-tokens-in-flight: whoever holds the token before gets the current one, and it costs no request", async () => {
  const stage = await openEngineStage({
    entry: builtInEntry("airtable"),
    server: { reuse: "punished", oneAccessToken: true },
  });
  const id = await stage.connect();
  const held = await stage.read(id);
  // Nothing is refreshed without need.
  for (let minute = 0; minute < 40; minute++) {
    await stage.read(id);
    await stage.clock.advance(MINUTE);
  }
  expect(stage.server.requests).toHaveLength(0);
  await stage.refresh(id, { origin: "manual" });
  expect(stage.server.acceptsAccess(held.accessToken.reveal())).toBe(false);
  const workflows = Array.from({ length: 10 }, () => stage.rejected(id, held.generation));
  const current = await Promise.all(workflows);
  expect(distinct(current)).toEqual(["access-1-2"]);
  expect(stage.server.acceptsAccess("access-1-2")).toBe(true);
  expect(sentTo(stage.server)).toEqual(["refresh-1-1"]);
  await expectHealthy(stage, id);
});

// Jobs hold a token that dies with the next refresh, eight hours early or one minute.
test("github-refresh-kills-old-access-token: a token that was handed out lives to its last minute, unless a caller needs a longer one", async () => {
  const entry = builtInEntry("github-app-user");
  expect(entry.provider.refresh_ends_access_token).toBe(true);
  const server = { reuse: "punished", oneAccessToken: true, lifetimeSeconds: 3600 } as const;
  const stage = await openEngineStage({ entry, server });
  const ids = await Promise.all([stage.connect({ refreshExpiresIn: 15_897_600 }), stage.connect()]);
  stage.sweep.start();
  for (let quarter = 0; quarter < 5; quarter++) {
    for (const id of ids) {
      const job = await stage.read(id);
      await stage.clock.advance(Math.min(15 * MINUTE, (job.expiresAt ?? 0) - stage.clock.now() - 61 * SECOND));
      expect(stage.server.acceptsAccess(job.accessToken.reveal())).toBe(true);
    }
    await stage.clock.advance(MINUTE);
  }
  const ends = stage.server.requests.map(({ at }) => at);
  expect(ends.length).toBeGreaterThanOrEqual(4);
  // Nobody waited: there was half a minute left to replace each.
  expect(stage.observer.of("refresh.succeeded").every(({ origin }) => origin === "ahead")).toBe(true);
  const { generation } = await stage.read(ids[0]);
  await expect(stage.rejected(ids[0], generation - 1)).resolves.toMatchObject({ generation });
  expect(stage.server.requests).toHaveLength(ends.length);
  for (const each of ids) await expectHealthy(stage, each);
});

// The caller understands none of the API's errors, so nothing can depend on its saying so.
test("sdk-error-converted-so-refresh-never-triggered: a caller that only ever asks for the token never gets one that has ended", async () => {
  const stage = await openEngineStage({
    entry: builtInEntry("hubspot"),
    server: { rotation: false, lifetimeSeconds: 1800 },
  });
  const id = await stage.connect();
  for (let quarter = 0; quarter < 8; quarter++) {
    const { accessToken } = await stage.read(id);
    expect(stage.server.acceptsAccess(accessToken.reveal())).toBe(true);
    await stage.clock.leap(15 * MINUTE);
  }
  expect(stage.server.requests.length).toBeGreaterThanOrEqual(3);
  // One that does understand may say which token was refused, before its time too.
  const { generation } = await stage.read(id);
  await expect(stage.rejected(id, generation)).resolves.toMatchObject({ generation: generation + 1 });
});

// The store that the token set comes from has lost the fields that say when it ends.
test("slack-token-expired-rotation-never-attempted: a token set of unknown age is refreshed before it is used, and then has an end", async () => {
  const provider = await startScriptedProvider();
  const rotated = { access_token: "xoxe.xoxb-2", refresh_token: "xoxe-1-2", token_type: "bot", expires_in: 43_200 };
  provider.token = () => ({ body: { ok: true, ...rotated } });
  const stage = await openStage({ provider: () => entryFor(provider, "slack") });
  const adopted = { client: stage.clientId, token_set: { access_token: "xoxe.xoxb-1", refresh_token: "xoxe-1-1" } };
  const id = (await stage.api("POST", "/v1/connections/import", adopted)).at("id");
  const expires_at = new Date(stage.clock.now() + 12 * HOUR).toISOString();
  expect((await stage.token(id)).body).toMatchObject({ access_token: "xoxe.xoxb-2", expires_at });
  expect(provider.tokenRequests.map((form) => form.get("refresh_token"))).toEqual(["xoxe-1-1"]);
  await stage.clock.leap(12 * HOUR);
  await expect.poll(() => provider.tokenRequests.length).toBe(2);
  expect(provider.tokenRequests.at(-1)?.get("refresh_token")).toBe("xoxe-1-2");
});

/** A caller that says of every refused token that it was, and tries again with what it gets; and how that ends. */
async function call(stage: EngineStage, id: string, takes: (accessToken: string) => boolean) {
  const shown: string[] = [];
  for (;;) {
    const { accessToken, generation } = await stage.read(id);
    shown.push(accessToken.reveal());
    if (takes(accessToken.reveal())) return { shown, end: "taken" };
    // Under HTTP 200 too: the service does not judge what counts as refused.
    const refused = { tenantId: TENANT, connectionId: id, generation, status: 200, challenge: null };
    const failure = await stage.accessTokens.rejected(refused).then(() => null, codeOf);
    if (failure !== null) return { shown, end: failure };
  }
}

test("zoho-authentication-failure-instead-of-invalid-token: one refusal leads to one refresh and one more try, a second one to the end", async () => {
  const once = await openEngineStage({ entry: builtInEntry("zoho"), server: { rotation: false } });
  const id = await once.connect();
  const shown = ["access-1-1", "access-1-2"];
  expect(await call(once, id, (token) => token !== "access-1-1")).toEqual({ shown, end: "taken" });
  expect(once.server.requests).toHaveLength(1);

  const always = await openEngineStage({ entry: builtInEntry("zoho"), server: { rotation: false } });
  const other = await always.connect();
  expect(await call(always, other, () => false)).toEqual({ shown, end: "api_rejects_fresh_token" });
  expect(always.server.requests).toHaveLength(1);
  await expectHealthy(always, other);
});
