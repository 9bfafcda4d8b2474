import { Readable } from "node:stream";
import { GraphError } from "@microsoft/microsoft-graph-client";
import { Octokit } from "@octokit/rest";
import { create as createAxios, isAxiosError } from "axios";
import { describe, expect, it } from "vitest";
import { attachConnection } from "../../src/adapters/axios.ts";
import { connectionFetch } from "../../src/adapters/fetch.ts";
import { EvergrantAuthClient } from "../../src/adapters/google.ts";
import { createEvergrantAuth } from "../../src/adapters/octokit.ts";
import { EvergrantError, type Connection } from "../../src/index.ts";
import { startApi } from "../api.ts";
import { caught } from "../caught.ts";
import { startEvergrantService, tokenOf } from "../evergrant-service.ts";
import { listen } from "../listen.ts";
import { graphClient } from "./graph-client.ts";

/** Each sends one request, whose body is a stream if one is given. */
const CLIENTS: Readonly<Record<string, (connection: Connection, url: string, body?: Readable) => Promise<unknown>>> = {
  "google-auth-library": (connection, url, data) =>
    new EvergrantAuthClient(connection).request({ url, ...(data && { data, method: "POST" }) }),
  "the Graph client": (connection, url, body) => {
    const request = graphClient(connection, url).api("/files");
    return body ? request.putStream(body) : request.get();
  },
  Octokit: (connection, url, data) => {
    const quiet = { debug() {}, info() {}, warn() {}, error() {} };
    const octokit = new Octokit({ authStrategy: createEvergrantAuth, auth: { connection }, baseUrl: url, log: quiet });
    return octokit.request(data ? "POST /files" : "GET /files", { data });
  },
  axios: (connection, url, data) => {
    const instance = createAxios({ baseURL: url });
    attachConnection(instance, connection);
    return data ? instance.post("/files", data) : instance.get("/files");
  },
};

async function start(answer: Record<string, unknown> = {}) {
  const [service, api] = await Promise.all([startEvergrantService(), startApi()]);
  service.answer = answer;
  return { service, api, connection: service.connect() };
}

/** Our code, in our error or in the one that the Graph client makes of every answer; else the status that the API answered. */
function codeOf(error: unknown): unknown {
  if (error instanceof EvergrantError) return error.code;
  if (error instanceof GraphError) return /"code":"(\w+)"/.exec(String(error.body))?.[1] ?? error.statusCode;
  if (isAxiosError(error)) return error.response?.status;
  return error instanceof Error && "status" in error ? error.status : error;
}

describe.each(Object.keys(CLIENTS))("a token refused to %s", (name) => {
  const send: NonNullable<(typeof CLIENTS)[string]> = (...request) =>
    CLIENTS[name]?.(...request) ?? Promise.reject(name);

  it("is reported once, and the second 401 is the client's own error", async () => {
    const { service, api, connection } = await start();
    api.takesFrom = 9;
    expect(codeOf(await caught(send(connection, api.url)))).toBe(401);
    expect(service.reports).toEqual([{ generation: 1, status: 401, www_authenticate: 'Bearer error="invalid_token"' }]);
    expect(api.calls.map(({ headers }) => headers.authorization)).toEqual([1, 2].map((n) => `Bearer ${tokenOf(n)}`));
  });

  it("is reported, and a stream is not sent again", async () => {
    const { service, api, connection } = await start();
    api.takesFrom = 2;
    const error = await caught(send(connection, api.url, Readable.from([Buffer.from("once")])));
    expect(codeOf(error)).toBe("body_not_replayable");
    expect(service.reports).toHaveLength(1);
    expect(api.calls).toMatchObject([{ body: "once" }]);
  });

  it("is not the one that needs a proof, which is never sent", async () => {
    const { api, connection } = await start({ token_type: "DPoP" });
    expect(codeOf(await caught(send(connection, api.url)))).toBe("proof_not_supported");
    expect(api.calls).toEqual([]);
  });

  it("is left alone when another error is answered", async () => {
    const { service, api, connection } = await start();
    api.instead = (response) => void response.writeHead(403).end("{}");
    expect(codeOf(await caught(send(connection, api.url)))).toBe(403);
    expect(service.reports).toEqual([]);
  });
});

it.each(["google-auth-library", "Octokit", "axios"])(
  "%s reports no 401 of another origin, which never saw the token",
  async (name) => {
    const { service, api, connection } = await start();
    const seen: unknown[] = [];
    const elsewhere = await listen((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(401).end("{}");
    });
    api.instead = (response) =>
      void response.writeHead(302, { location: `${elsewhere.replace("127.0.0.1", "localhost")}/x` }).end();
    expect(codeOf(await caught(CLIENTS[name]?.(connection, api.url) ?? Promise.resolve()))).toBe(401);
    expect(seen).toEqual([undefined]);
    expect(service.reports).toEqual([]);
  },
);

describe("connectionFetch", () => {
  it("takes the place of what a client would authenticate with", async () => {
    const { api, connection } = await start();
    const send = connectionFetch(connection);
    await send(api.url, { headers: { authorization: "Basic x", "x-trace": "1" } });
    await send(new Request(api.url, { headers: { authorization: "Basic x" } }));
    expect(api.calls.map(({ headers }) => headers.authorization)).toEqual([1, 1].map((n) => `Bearer ${tokenOf(n)}`));
    expect(api.calls[0]?.headers["x-trace"]).toBe("1");
  });

  it("sends the body of a Request once more", async () => {
    const { api, connection } = await start();
    api.takesFrom = 2;
    const request = new Request(api.url, {
      method: "POST",
      body: JSON.stringify({ a: 1 }),
      headers: { "content-type": "application/json" },
    });
    expect((await connectionFetch(connection)(request)).status).toBe(200);
    expect(api.calls.map(({ method, body, headers }) => [method, body, headers["content-type"]])).toEqual(
      [1, 2].map(() => ["POST", '{"a":1}', "application/json"]),
    );
  });

  it("lets an init replace the body of its Request", async () => {
    const { api, connection } = await start();
    await connectionFetch(connection)(new Request(api.url, { method: "POST", body: "old" }), {
      method: "PUT",
      body: "new",
    });
    expect(api.calls).toMatchObject([{ method: "PUT", body: "new" }]);
  });
});
