import { expect, test } from "vitest";
import { HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { startPageServer } from "../stage/page-server.ts";
import { openStage } from "../stage/stage.ts";
import { consent } from "./browser.ts";
import { later } from "./later.ts";
import { entryOf } from "./rotating-endpoint.ts";
import { startScriptedProvider, tokens, type Reply } from "./scripted-provider.ts";

const SENTINEL = "SENTINEL-7f3a9c51e2";

/** Answers that hold a token and cannot be read, or say that something is wrong. */
const SPOILT: Reply[] = [
  { body: `access_token=${SENTINEL}&refresh_token=${SENTINEL}&expires_in=3600` },
  { body: `{"access_token":"${SENTINEL}"` },
  { body: `{"access_token":"${SENTINEL}",}` },
  { body: SENTINEL },
  { status: 400, body: `{"error":"invalid_request","access_token":"${SENTINEL}"` },
  { status: 400, body: { error: "invalid_request", error_description: `no such token: ${SENTINEL}`, token: SENTINEL } },
  { status: 500, body: `<html>${SENTINEL}</html>`, headers: { "content-type": "text/html" } },
];

test("json-parse-error-message-quotes-body: no answer that cannot be read is quoted, to users, callers or the log", async () => {
  const provider = await startScriptedProvider();
  const stage = await openStage({ provider: () => entryOf(provider) });
  const { connectionId } = await stage.connect();
  const path = `/v1/connections/${connectionId}`;
  const told: string[] = [];
  for (const reply of SPOILT) {
    const asked = provider.tokenRequests.length;
    provider.token = () => reply;
    const { page, session } = await consent(stage);
    expect(session.body).toMatchObject({ status: "failed", problem: { code: "code_exchange_failed" } });
    await later(stage, HOUR);
    const refreshed = await stage.api("POST", `${path}/refresh`);
    const refused = await stage.token(connectionId);
    expect(refused.status).toBe(503);
    told.push(page.body, session.text, refreshed.text, refused.text);
    expect(provider.tokenRequests.length).toBeGreaterThanOrEqual(asked + 2);
  }
  told.push((await stage.api("GET", path)).text, (await stage.api("GET", `${path}/history`)).text);
  expect(stage.log.filter((line) => line.includes('"refresh.')).length).toBeGreaterThanOrEqual(SPOILT.length);
  expect(told.filter((text) => text.includes(SENTINEL))).toEqual([]);
  expect(stage.log.filter((line) => line.includes(SENTINEL))).toEqual([]);
});

test("redirect-would-leak-secret-to-foreign-host: no redirect of an endpoint is followed with a secret", async () => {
  let received = 0;
  const attacker = await startPageServer((_request, response) => {
    received++;
    response.end("{}");
  });
  const provider = await startScriptedProvider();
  const { origin } = provider;
  const entry = {
    ...entryOf(provider),
    revocation_url: `${origin}/revoke`,
    userinfo_url: `${origin}/userinfo`,
    identity: { from: "userinfo" },
  };
  const stage = await openStage({ provider: () => entry });
  const { connectionId } = await stage.connect();
  const path = `/v1/connections/${connectionId}`;
  for (const status of [301, 302, 303, 307, 308]) {
    const away: Reply = { status, headers: { location: `${attacker}/token` } };
    provider.token = () => away;
    provider.userinfo = () => away;
    expect((await consent(stage)).session.body).toMatchObject({ status: "failed" });
    await stage.api("POST", `${path}/refresh`);
    expect((await stage.api("POST", `${path}/check`)).body).toMatchObject({ proven_by: null });
    await later(stage, 9 * MINUTE);
  }
  const refreshes = provider.tokenRequests.filter((form) => form.get("grant_type") === "refresh_token");
  expect(refreshes.length).toBeGreaterThanOrEqual(5);
  expect((await stage.api("GET", path)).body).toMatchObject({ generation: 1, status: "degraded" });
  provider.token = () => ({ body: tokens(1) });
  provider.revocation = () => ({ status: 307, headers: { location: `${attacker}/revoke` } });
  expect((await stage.api("DELETE", path)).body).toMatchObject({ revocation: "failed" });
  expect(provider.revocations).toHaveLength(1);
  expect(received).toBe(0);
});
