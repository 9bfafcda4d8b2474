import { fastify } from "fastify";
import { expect, onTestFinished, test } from "vitest";
import type { Caller } from "../../../src/access/authenticator.ts";
import { proxy } from "../../../src/facade/proxy/proxy.ts";
import type { ProxyPorts } from "../../../src/facade/proxy/ports.ts";
import { PROXY_LIMITS } from "../../../src/facade/proxy/room.ts";
import { ServiceError } from "../../../src/runtime/service-error.ts";
import { openAnotherTenant } from "../../security/another-tenant.ts";
import { findSecrets } from "../../security/encodings.ts";
import { createManualClock } from "../../stage/manual-clock.ts";
import { askAt, openProxyStage } from "./proxy-stage.ts";

const UNKNOWN = `con_${"0".repeat(26)}`;

function nobody(): never {
  throw new Error("Nobody asks.");
}

test("another tenant's connection is answered like one that nobody has, and a key without the scope not at all", async () => {
  const { stage, at, connectionId, api } = await openProxyStage((_request, response) => void response.end("hello"));
  expect((await askAt(stage, at("/"))).text).toBe("hello");
  const strangers = await openAnotherTenant(stage, ["token:read", "admin", "connections:read"]);
  for (const scope of ["token:read", "admin"] as const) {
    const foreign = await strangers.get(scope)?.("GET", at("/"));
    const unknown = await strangers.get(scope)?.("GET", at("/").replace(connectionId, UNKNOWN));
    expect([scope, foreign?.status, foreign?.text]).toEqual([scope, 404, unknown?.text]);
  }
  expect((await strangers.get("connections:read")?.("GET", at("/")))?.body).toMatchObject({ code: "forbidden" });
  expect(api.paths).toEqual(["/"]);
});

test("whoever reaches some connections only reaches no others through the proxy", async () => {
  const reached = `con_${"1".repeat(26)}`;
  const read: string[] = [];
  const limits = {
    clients: null,
    connections: null,
    apiKeys: null,
    connectSessionsPerHour: null,
    requestsPerMinute: null,
  };
  const caller: Caller = {
    keyId: "key_1",
    tenantId: "default",
    expiresAt: null,
    connections: new Set([reached]),
    scopes: new Set(["token:read"]),
    allowedFrom: null,
    rateLimit: null,
    limits,
  };
  const ports: ProxyPorts = {
    admission: { identify: async () => caller, enter: () => 0 },
    peerAddress: () => null,
    accessTokens: {
      read: async ({ connectionId }) => {
        read.push(connectionId);
        throw new ServiceError("refresh_timeout", "Later.");
      },
      rejected: nobody,
    },
    apis: { send: nobody },
    dpopNonces: { newest: nobody, note: nobody },
    clients: { dpopKey: nobody },
    sealer: { seal: nobody, open: nobody, name: nobody },
    random: { bytes: nobody, fraction: nobody },
    storesFor: nobody,
    handedOut: { count: nobody },
    observer: { event: nobody },
    publicUrl: "https://evergrant.example",
    clock: createManualClock(),
    limits: PROXY_LIMITS,
  };
  const app = fastify();
  onTestFinished(() => app.close());
  app.setErrorHandler((error, _request, reply) =>
    reply.send(error instanceof ServiceError ? error.code : String(error)),
  );
  proxy(app, ports);
  const code = async (id: string) => (await app.inject({ url: `/proxy/${id}/api.example.com/` })).body;
  expect(await code(UNKNOWN)).toBe("not_found");
  expect(await code(reached)).toBe("refresh_timeout");
  expect(read).toEqual([reached]);
});

test("the provider's token is in no answer and in no line of the log, whatever happens; what an API itself repeats is its own", async () => {
  const seen: string[] = [];
  const { stage, ask, at, connectionId, api } = await openProxyStage((request, response) => {
    seen.push(request.headers.authorization ?? "");
    const { url = "" } = request;
    if (url.startsWith("/broken")) return void request.socket.destroy();
    if (url.startsWith("/moved")) return void response.writeHead(302, { location: "/x" }).end();
    if (url.startsWith("/refused")) return void response.writeHead(401).end();
    response.end(url.startsWith("/echo") ? request.headers.authorization : "fine");
  });
  const key = stage.adminKey;
  const answers = [
    await ask("/fine?secret=canary-in-a-query"),
    await ask("/moved"),
    await ask("/broken"),
    await ask("/refused"),
    await ask("/refused"),
    await askAt(stage, `/proxy/${connectionId}/evil.example/?x=1`),
    await askAt(stage, `/proxy/${connectionId}/:::/`),
    await askAt(stage, at("/"), { headers: { "evergrant-key": `${key}x` } }),
    await askAt(stage, at("/"), { headers: { "evergrant-key": key, upgrade: "websocket" } }),
  ];
  expect(answers.map(({ status }) => status)).toEqual([200, 302, 502, 401, 401, 400, 400, 401, 400]);
  const tokens = [...new Set(seen)].map((line, index) => [`token ${index}`, line.replace("Bearer ", "")] as const);
  expect(tokens.length).toBe(2);
  const secrets = new Map([...tokens, ["key", key], ["query", "canary-in-a-query"]]);
  expect(findSecrets(answers.map((answer) => JSON.stringify(answer)).join("\n"), secrets)).toEqual([]);
  expect(findSecrets(stage.log.join(""), new Map([...secrets, ["host", api.host]]))).toEqual([]);
  expect((await ask("/echo")).text).toBe(seen.at(-1));
});
