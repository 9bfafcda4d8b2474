import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { MINUTE } from "../../src/runtime/clock.ts";
import { historyOf, openEventStage, type EventStage } from "./event-stage.ts";

const SLACK_SECRET = "slack-signing-secret-canary-1";
const GITHUB_SECRET = "github-webhook-secret-canary-1";

/** A client with both secrets, and a connection of an account with this id. */
async function open(account: string) {
  const stage = await openEventStage();
  const changed = await stage.api("PUT", `/v1/clients/${stage.clientId}/security-events`, {
    slack_signing_secret: SLACK_SECRET,
    github_webhook_secret: GITHUB_SECRET,
  });
  expect(changed.status).toBe(200);
  const adopted = await stage.api("POST", "/v1/connections/import", {
    client: stage.clientId,
    token_set: { refresh_token: `rt-of-${account}`, access_token: "at-of-elsewhere", expires_in: 3600 },
    account: { id: account },
  });
  return { ...stage, connectionId: adopted.at("id") };
}

type Opened = Awaited<ReturnType<typeof open>>;

async function post(
  { service, clientId, clock }: EventStage,
  sender: string,
  body: string,
  headers: Record<string, string>,
) {
  // So that ids say which came last.
  await clock.advance(1);
  const response = await fetch(`${service.url}/security-events/${clientId}/${sender}`, {
    method: "POST",
    headers: { "content-type": "application/json", connection: "close", ...headers },
    body,
  });
  return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
}

function slackHeaders(stage: EventStage, body: string, { secret = SLACK_SECRET, ageMs = 0 } = {}) {
  const timestamp = String(Math.floor((stage.clock.now() - ageMs) / 1000));
  const digest = createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex");
  return { "x-slack-request-timestamp": timestamp, "x-slack-signature": `v0=${digest}` };
}

function slackEvent(event: Record<string, unknown>, over: Record<string, unknown> = {}): string {
  return JSON.stringify({ type: "event_callback", team_id: "T1", event_id: "Ev1", event_time: 1, event, ...over });
}

async function sendSlack(stage: EventStage, body: string) {
  return post(stage, "slack", body, slackHeaders(stage, body));
}

function githubHeaders(event: string, body: string, { secret = GITHUB_SECRET, delivery = "delivery-1" } = {}) {
  const digest = createHmac("sha256", secret).update(body).digest("hex");
  return { "x-github-event": event, "x-github-delivery": delivery, "x-hub-signature-256": `sha256=${digest}` };
}

async function eventsIn(stage: EventStage, id: string): Promise<number> {
  return (await historyOf(stage, id)).filter((entry) => Reflect.get(entry ?? {}, "kind") === "security_event").length;
}

/** A withheld access token of a connection whose refresh token is none is not handed out any more. */
async function expectWithheld(stage: Opened, cause: string, confidence: string): Promise<void> {
  expect((await stage.token(stage.connectionId)).body).toMatchObject({ status: 409, cause });
  expect((await stage.api("GET", `/v1/connections/${stage.connectionId}`)).body).toMatchObject({
    diagnosis: { cause, confidence },
  });
}

describe("Slack", () => {
  test("proves that the address is ours with a signed challenge, and with no other", async () => {
    const stage = await open("T1.U1");
    const body = JSON.stringify({ type: "url_verification", challenge: "3eZbrw1aB", token: "x" });
    expect(await sendSlack(stage, body)).toMatchObject({ status: 200, type: "text/plain", text: "3eZbrw1aB" });
    const other = slackHeaders(stage, body, { secret: "another-secret" });
    expect(await post(stage, "slack", body, other)).toMatchObject({ status: 400 });
    const strange = JSON.stringify({ type: "url_verification", challenge: "<script>\n" });
    expect(await sendSlack(stage, strange)).toMatchObject({ status: 200, text: "" });
  });

  test.each([
    ["oauth", { oauth: ["U1"] }],
    ["bot", { bot: ["U1"], oauth: [] }],
  ])("tells of revoked %s tokens by their users", async (_kind, tokens) => {
    const stage = await open("T1.U1");
    const body = slackEvent({ type: "tokens_revoked", tokens });
    expect(await sendSlack(stage, body)).toMatchObject({ status: 200, text: "" });
    expect(await stage.last()).toMatchObject({
      type: "slack.tokens_revoked",
      issuer: "https://slack.com",
      jti: "Ev1",
      verdict: "applied",
      connections: 1,
    });
    await expectWithheld(stage, "revoked_by_user", "likely");
  });

  test("tells of an application that was removed from a workspace", async () => {
    const stage = await open("T1.U1");
    await sendSlack(stage, slackEvent({ type: "app_uninstalled" }, { team_id: "T" }));
    expect(await stage.last()).toMatchObject({ verdict: "unknown_subject" });
    await sendSlack(stage, slackEvent({ type: "app_uninstalled" }, { event_id: "Ev2" }));
    expect(await stage.last()).toMatchObject({ type: "slack.app_uninstalled", verdict: "applied", connections: 1 });
    await expectWithheld(stage, "revoked_by_admin", "likely");
  });

  test("is taken once for each event, and forgotten where it says something else", async () => {
    const stage = await open("T1.U1");
    const body = slackEvent({ type: "tokens_revoked", tokens: { oauth: ["U1"] } });
    for (let n = 0; n < 3; n++) expect(await sendSlack(stage, body)).toMatchObject({ status: 200 });
    expect(await eventsIn(stage, stage.connectionId)).toBe(1);
    const others = [slackEvent({ type: "message" }), "{}", "[]", slackEvent({}, { event: null }), "no JSON"];
    for (const other of others) expect(await sendSlack(stage, other)).toMatchObject({ status: 200 });
    const { body: inbox } = await stage.api("GET", "/v1/security-events");
    expect(Reflect.get(inbox ?? {}, "security_events")).toHaveLength(1);
  });

  test("is refused with a wrong signature, an old time, a time from the future, or without either", async () => {
    const stage = await open("T1.U1");
    const body = slackEvent({ type: "tokens_revoked", tokens: { oauth: ["U1"] } });
    const right = slackHeaders(stage, body);
    const wrong = [
      slackHeaders(stage, body, { secret: "another-secret" }),
      slackHeaders(stage, `${body} `),
      slackHeaders(stage, body, { ageMs: 5 * MINUTE + 2000 }),
      slackHeaders(stage, body, { ageMs: -5 * MINUTE - 2000 }),
      { ...right, "x-slack-request-timestamp": String(Number(right["x-slack-request-timestamp"]) + 1) },
      { "x-slack-signature": right["x-slack-signature"] },
      { "x-slack-request-timestamp": right["x-slack-request-timestamp"] },
      {},
    ];
    for (const headers of wrong) {
      expect([headers, await post(stage, "slack", body, headers as Record<string, string>)]).toMatchObject([
        headers,
        { status: 400 },
      ]);
    }
    expect(await eventsIn(stage, stage.connectionId)).toBe(0);
    const almostOld = slackHeaders(stage, body, { ageMs: 4 * MINUTE });
    expect(await post(stage, "slack", body, almostOld)).toMatchObject({ status: 200 });
  });
});

describe("GitHub", () => {
  test("tells of a user who took the authorization back", async () => {
    const stage = await open("4711");
    const body = JSON.stringify({ action: "revoked", sender: { id: 4711, login: "octocat" } });
    const headers = githubHeaders("github_app_authorization", body);
    for (let n = 0; n < 2; n++) expect(await post(stage, "github", body, headers)).toMatchObject({ status: 200 });
    expect(await stage.last()).toMatchObject({
      type: "github.authorization_revoked",
      jti: "delivery-1",
      verdict: "applied",
      connections: 1,
    });
    expect(await eventsIn(stage, stage.connectionId)).toBe(1);
    await expectWithheld(stage, "revoked_by_user", "certain");
  });

  test.each([
    ["deleted", "github.installation_deleted", "revoked_by_user"],
    ["suspend", "github.installation_suspended", "revoked_by_admin"],
  ])("tells of an installation that is %s, by its account", async (action, type, cause) => {
    const stage = await open("4711");
    const body = JSON.stringify({ action, installation: { id: 1, account: { id: 4711 } }, sender: { id: 12 } });
    expect(await post(stage, "github", body, githubHeaders("installation", body))).toMatchObject({ status: 200 });
    expect(await stage.last()).toMatchObject({ type, verdict: "applied", connections: 1 });
    await stage.api("POST", `/v1/connections/${stage.connectionId}/refresh`);
    expect((await stage.api("GET", `/v1/connections/${stage.connectionId}`)).body).toMatchObject({
      diagnosis: { cause, confidence: "likely" },
    });
    const again = JSON.stringify({ action: "unsuspend", installation: { id: 1, account: { id: 4711 } } });
    await post(stage, "github", again, githubHeaders("installation", again, { delivery: "delivery-2" }));
    expect((await stage.api("GET", `/v1/connections/${stage.connectionId}`)).body).toMatchObject({
      status: action === "suspend" ? "degraded" : "reauthorization_required",
    });
  });

  test("is forgotten where it says something else, and refused with a wrong signature", async () => {
    const stage = await open("4711");
    const body = JSON.stringify({ action: "revoked", sender: { id: 4711 } });
    for (const event of ["push", "installation", "ping", ""]) {
      expect(await post(stage, "github", body, githubHeaders(event, body))).toMatchObject({ status: 200 });
    }
    const event = "github_app_authorization";
    const right = githubHeaders(event, body);
    const wrong = [
      githubHeaders(event, body, { secret: "another-secret" }),
      githubHeaders(event, `${body} `),
      { ...right, "x-hub-signature-256": right["x-hub-signature-256"].slice(0, -1) },
      { "x-github-event": event, "x-github-delivery": "delivery-1" },
    ];
    for (const headers of wrong) {
      expect([headers, await post(stage, "github", body, headers as Record<string, string>)]).toMatchObject([
        headers,
        { status: 400 },
      ]);
    }
    expect(await eventsIn(stage, stage.connectionId)).toBe(0);
    expect(await stage.last()).toBeUndefined();
  });
});

describe("a secret that a sender shares with a client", () => {
  test("is shown to nobody, sealed, changed with one call and taken away with another", async () => {
    const stage = await open("T1.U1");
    const path = `/v1/clients/${stage.clientId}/security-events`;
    const shown = await stage.api("GET", path);
    expect(shown.body).toMatchObject({ slack_signing_secret: true, github_webhook_secret: true });
    expect(shown.text).not.toContain("canary");
    const body = slackEvent({ type: "tokens_revoked", tokens: { oauth: ["U1"] } });
    await stage.api("PUT", path, { slack_signing_secret: "another-secret" });
    expect(await sendSlack(stage, body)).toMatchObject({ status: 400 });
    const signed = slackHeaders(stage, body, { secret: "another-secret" });
    expect(await post(stage, "slack", body, signed)).toMatchObject({ status: 200 });
    expect((await stage.api("PUT", path, { slack_signing_secret: null })).body).toMatchObject({
      slack_signing_secret: false,
      github_webhook_secret: true,
    });
    expect(await post(stage, "slack", body, signed)).toMatchObject({ status: 404 });
  });

  test("lets in nobody where there is none, and nothing but JSON of a bearable size", async () => {
    const stage = await openEventStage();
    const body = "{}";
    expect(await sendSlack(stage, body)).toMatchObject({ status: 404 });
    expect(await post(stage, "github", body, githubHeaders("ping", body))).toMatchObject({ status: 404 });
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect(await post(stage, "github", "payload=x", form)).toMatchObject({ status: 415 });
    expect(await post(stage, "github", "x".repeat(1024 * 1024 + 1), {})).toMatchObject({ status: 413 });
  });
});

test("whoever sends too much has to wait", async () => {
  const stage = await openEventStage();
  const url = `${stage.service.url}/security-events/${stage.clientId}/slack`;
  const headers = { "content-type": "application/json" };
  const statuses: number[] = [];
  for (let n = 0; n < 1001; n++) statuses.push((await fetch(url, { method: "POST", headers, body: "{}" })).status);
  expect(statuses.indexOf(429)).toBe(1000);
  expect(await stage.push("a.b.c")).toMatchObject({ status: 429, body: { code: "rate_limited" } });
});
