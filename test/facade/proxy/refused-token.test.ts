import { text } from "node:stream/consumers";
import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, test } from "vitest";
import { answerTo, askAt, begin, openProxyStage, whole } from "./proxy-stage.ts";

const INVALID = { "www-authenticate": 'Bearer error="invalid_token"' };

/** An API that takes only tokens which are not refused. */
async function openStrict(refusal: Record<string, string> = INVALID) {
  const refused = new Set<string | undefined>();
  const bodies: (string | null)[] = [];
  let early = false;
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const isRefused = refused.has(request.headers.authorization);
    if (isRefused && early) {
      bodies.push(null);
      return void response.writeHead(401, refusal).end("early");
    }
    bodies.push(await text(request).catch(() => null));
    if (isRefused) return void response.writeHead(401, refusal).end("refused");
    response.end("welcome");
  }
  const proxied = await openProxyStage((request, response) => void answer(request, response));
  const { token, stage, api } = proxied;
  api.server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    if (!refused.has(request.headers.authorization)) response.writeContinue();
    else early = true;
    void answer(request, response);
  });
  return {
    ...proxied,
    bodies,
    refuseNow: async () => void refused.add(`Bearer ${await token()}`),
    /** The same for another connection: one has a token replaced by force once a minute, and time stands still. */
    refuseAnother: async () => {
      const other = await stage.connect("bob");
      refused.add(`Bearer ${(await stage.token(other.connectionId)).at("access_token")}`);
      return proxied.at("/").replace(proxied.connectionId, other.connectionId);
    },
    refreshes: () => stage.sandbox.control.counts().refreshRequests,
  };
}

test("a refused token is replaced once, and the request sent again with its body, where that is small or there is none", async () => {
  const { at, bodies, refuseNow, refuseAnother, refreshes, connectionId, stage } = await openStrict();
  await refuseNow();
  for (const [path, method, body] of [
    [at("/"), "GET", undefined],
    [await refuseAnother(), "POST", "x".repeat(60_000)],
  ] as const) {
    const before = refreshes();
    expect(await askAt(stage, path, { method, ...(body !== undefined && { body }) })).toMatchObject({
      status: 200,
      text: "welcome",
    });
    expect(bodies.splice(0)).toEqual([body ?? "", body ?? ""]);
    expect(refreshes()).toBe(before + 1);
  }
  const log = stage.log.join("");
  expect(log).toContain(`"event":"access_token.rejected","connectionId":"${connectionId}"`);
  expect(log.match(/"event":"proxy.completed"[^\n]*"outcome":"answered","status":200/g)).toHaveLength(2);
});

test("where the body went by, the refusal is the caller's, and the next request has a newer token", async () => {
  const { ask, bodies, refuseNow, refuseAnother, refreshes, stage } = await openStrict();
  const large = Buffer.alloc(100_000, "x");
  await refuseNow();
  expect(await ask("/", { method: "PUT", body: large })).toMatchObject({
    status: 401,
    text: "refused",
    headers: { ...INVALID, via: "1.1 evergrant" },
  });
  expect(bodies.splice(0).map((body) => body?.length)).toEqual([100_000]);
  expect(refreshes()).toBe(1);
  expect((await ask("/", { method: "PUT", body: large })).status).toBe(200);
  expect(bodies.splice(0).map((body) => body?.length)).toEqual([100_000]);

  // A body that the API has not asked for yet is all there still, however large it is.
  const another = await refuseAnother();
  const headers = { "evergrant-key": stage.adminKey, expect: "100-continue", "content-length": String(large.length) };
  const sent = begin(stage, another, { method: "PUT", headers });
  sent.once("continue", () => sent.end(large));
  sent.flushHeaders();
  expect(await whole(await answerTo(sent))).toMatchObject({ status: 200, text: "welcome" });
  expect(bodies.map((body) => body?.length)).toEqual([undefined, 100_000]);
});

test("a second refusal, and one that another token would not help, are the caller's; no loop", async () => {
  const everything = await openProxyStage((_request, response) => void response.writeHead(401, INVALID).end("never"));
  const refreshes = () => everything.stage.sandbox.control.counts().refreshRequests;
  expect(await everything.ask("/")).toMatchObject({ status: 401, text: "never" });
  expect(everything.api.paths).toEqual(["/", "/"]);
  expect(await everything.ask("/")).toMatchObject({ status: 401, text: "never" });
  expect([everything.api.paths.length, refreshes()]).toEqual([3, 1]);

  const scope = { "www-authenticate": 'Bearer error="insufficient_scope", scope="x"' };
  const narrow = await openProxyStage((_request, response) => void response.writeHead(401, scope).end("more"));
  expect(await narrow.ask("/")).toMatchObject({ status: 401, text: "more", headers: scope });
  expect([narrow.api.paths.length, narrow.stage.sandbox.control.counts().refreshRequests]).toEqual([1, 0]);
});

test("a connection that cannot give a token answers as it does where tokens are read", async () => {
  const { ask, stage, connectionId, api, refuseNow, at } = await openStrict();
  const paths = api.paths.length;
  await refuseNow();
  await stage.sandbox.control.revokeUser("alice");
  const ended = await ask("/");
  expect(JSON.parse(ended.text)).toMatchObject({
    status: 409,
    code: "reauthorization_required",
    connection_id: connectionId,
  });
  expect(JSON.parse(ended.text)).toHaveProperty("reauthorization_url");
  expect(api.paths.length).toBe(paths + 1);
  await stage.api("DELETE", `/v1/connections/${connectionId}`);
  const gone = await askAt(stage, at("/"));
  expect(JSON.parse(gone.text)).toMatchObject({ status: 409, code: "connection_disconnected" });
  expect(api.paths.length).toBe(paths + 1);
});
