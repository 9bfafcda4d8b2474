import { WebClient, type WebClientOptions } from "@slack/web-api";
import { expect, it } from "vitest";
import { slackOptions } from "../../src/adapters/slack.ts";
import { ReauthorizationRequiredError } from "../../src/index.ts";
import { startApi } from "../api.ts";
import { caught } from "../caught.ts";
import { sendProblem, startEvergrantService, tokenOf } from "../evergrant-service.ts";
import { listen } from "../listen.ts";

const QUIET = { debug() {}, info() {}, warn() {}, error() {}, setLevel() {}, getLevel: () => "error", setName() {} };

/** A workspace that takes tokens from `takesFrom` on, and says `error` of older ones. */
async function start(options: WebClientOptions = {}) {
  const [service, api] = await Promise.all([startEvergrantService(), startApi()]);
  const workspace = { error: "token_expired", status: 200, type: "application/json; charset=utf-8" };
  api.instead = (response, { headers }) => {
    const generation = Number(/^Bearer at-(\d+)-/.exec(headers.authorization ?? "")?.[1]);
    const taken = generation >= api.takesFrom;
    response.writeHead(taken ? 200 : workspace.status, { "content-type": workspace.type });
    response.end(JSON.stringify(taken ? { ok: true, user: "U1" } : { ok: false, error: workspace.error }));
  };
  const given = slackOptions(service.connect(), { slackApiUrl: api.url, ...options });
  const slack = new WebClient(undefined, Object.assign({ logger: QUIET }, given));
  return { service, api, workspace, slack };
}

it.each(["token_expired", "invalid_auth", "token_revoked", "account_inactive", "not_authed"])(
  "an answer that says %s is reported, and the request sent once more",
  async (error) => {
    const { service, api, workspace, slack } = await start();
    api.takesFrom = 2;
    workspace.error = error;
    const answer = await slack.conversations.join({ channel: "C1" });
    expect(answer).toMatchObject({ ok: true, user: "U1" });
    expect(service.reports).toEqual([{ generation: 1, status: 200 }]);
    expect(api.calls.map(({ headers }) => headers.authorization)).toEqual([1, 2].map((n) => `Bearer ${tokenOf(n)}`));
    expect(api.calls.map(({ body }) => body)).toEqual(["channel=C1", "channel=C1"]);
  },
);

it("a token that is refused twice is the client's own error", async () => {
  const { service, api, slack } = await start();
  api.takesFrom = 9;
  expect(await caught(slack.auth.test())).toMatchObject({ data: { error: "token_expired" } });
  expect([service.reports.length, api.calls.length]).toEqual([1, 2]);
});

it("a 401 is reported as well, and other errors are the client's", async () => {
  const { service, api, workspace, slack } = await start({ retryConfig: { retries: 0 } });
  api.takesFrom = 2;
  workspace.status = 401;
  expect(await slack.auth.test()).toMatchObject({ ok: true });
  expect(service.reports).toMatchObject([{ status: 401 }]);
  Object.assign(workspace, { status: 200, error: "channel_not_found" });
  api.takesFrom = 9;
  expect(await caught(slack.auth.test())).toMatchObject({ data: { error: "channel_not_found" } });
  expect(service.reports).toHaveLength(1);
  workspace.type = "text/html";
  workspace.error = "token_expired";
  expect(await caught(slack.auth.test())).toMatchObject({ data: { error: "token_expired" } });
  expect(service.reports).toHaveLength(1);
});

it("what only a person can repair is not tried again, and arrives as our error", async () => {
  const { service, api, slack } = await start();
  service.instead = (response) =>
    sendProblem(response, 409, { code: "reauthorization_required", reauthorization_url: "https://example.test/" });
  const error = await caught(slack.auth.test());
  expect(error).toBeInstanceOf(ReauthorizationRequiredError);
  expect(error).toMatchObject({ reauthorizationUrl: "https://example.test/" });
  expect([service.calls.length, api.calls.length]).toEqual([1, 0]);
});

it("what passes by itself is tried again, as the client is told to", async () => {
  const { service, slack } = await start({ retryConfig: { retries: 2, minTimeout: 0, maxTimeout: 1 } });
  service.instead = (response) => {
    service.instead = undefined;
    sendProblem(response, 503, { code: "provider_unavailable" });
  };
  expect(await slack.auth.test()).toMatchObject({ ok: true });
  expect(service.calls).toHaveLength(2);
});

it("the token goes to no other origin, such as the one that files are uploaded to", async () => {
  const { api, slack } = await start();
  const seen: unknown[] = [];
  const elsewhere = await listen((request, response) => {
    seen.push(request.headers.authorization);
    request.resume().on("end", () => response.end("OK"));
  });
  api.instead = (response) =>
    void response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ ok: true, upload_url: `${elsewhere}/upload`, file_id: "F1", files: [] }));
  await slack.filesUploadV2({ filename: "a.txt", content: "a" });
  expect(seen).toEqual([undefined]);
  expect(api.calls.map(({ headers }) => headers.authorization)).toEqual([1, 1].map((n) => `Bearer ${tokenOf(n)}`));
});
