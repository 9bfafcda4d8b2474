import { text } from "node:stream/consumers";
import { describe, expect, test } from "vitest";
import type { IncomingMessage, ServerResponse } from "node:http";
import { serveTcp } from "../../network/loopback.ts";
import { answerTo, askAt, whole } from "./proxy-stage.ts";
import { exchangeRaw, openScripted } from "./scripted-api.ts";

describe("a request", () => {
  test("goes to the API as it is, with the connection's token and without what was said to this service alone", async () => {
    const proxied = await openScripted();
    const { stage, script, last, ask, token, api } = proxied;
    script.answer = async (request, response) => {
      const body = await text(request);
      response.writeHead(
        207,
        "Many of them",
        [
          ["X-Own", "a"],
          ["X-Own", "b"],
          ["Content-Encoding", "made-up"],
          ["X-RateLimit-Remaining", "0"],
          ["Retry-After", "7"],
          ["Set-Cookie", "session=1"],
          ["Strict-Transport-Security", "max-age=1; includeSubDomains"],
          ["Access-Control-Allow-Origin", "*"],
          ["Keep-Alive", "timeout=1"],
          ["X-Hop", "1"],
          ["Connection", "keep-alive, x-hop"],
        ].flat(),
      );
      response.end(`took ${body}`);
    };
    const headers = {
      authorization: `Bearer ${stage.adminKey}`,
      cookie: "__Host-operator=secret",
      "x-forwarded-for": "10.0.0.7",
      forwarded: "for=10.0.0.7",
      "x-hop": "1",
      connection: "close, x-hop",
      "user-agent": "made-by-a-test",
      "accept-encoding": "br",
      te: "trailers",
      "content-type": "text/xml",
    };

    const answer = await ask("/a/%2e%2e//b;c?x=%20y&x", { method: "PROPFIND", headers, body: "<xml/>" });

    expect(last()).toMatchObject({ method: "PROPFIND", url: "/a/%2e%2e//b;c?x=%20y&x" });
    expect(last()?.headers).toEqual({
      host: api.host,
      authorization: `Bearer ${await token()}`,
      "user-agent": "made-by-a-test",
      "accept-encoding": "br",
      "content-type": "text/xml",
      "content-length": "6",
      via: "1.1 evergrant",
      connection: "keep-alive",
    });
    expect(answer).toMatchObject({ status: 207, text: "took <xml/>" });
    const { date: _, ...rest } = answer.headers;
    expect(rest).toEqual({
      "x-own": "a, b",
      "content-encoding": "made-up",
      "x-ratelimit-remaining": "0",
      "retry-after": "7",
      via: "1.1 evergrant",
      connection: "close",
      "transfer-encoding": "chunked",
    });
  });

  test("comes with the key as SDKs send it, or in a header of its own; what stands where the token belongs never goes on", async () => {
    const { stage, ask, last, token } = await openScripted();
    const bearer = `Bearer ${await token()}`;
    const key = stage.adminKey;
    for (const headers of [
      { authorization: `Bearer ${key}` },
      { authorization: `token ${key}` },
      { "evergrant-key": key },
      { "evergrant-key": key, authorization: "Basic c29tZWJvZHk6c2VjcmV0" },
    ]) {
      expect((await ask("/", { headers })).status).toBe(200);
      expect(last()?.headers.authorization).toBe(bearer);
      expect(JSON.stringify(last()?.raw)).not.toMatch(/c29tZWJvZHk6|eg_/);
    }
    for (const headers of [{}, { authorization: "Basic c29tZWJvZHk6c2VjcmV0" }, { "evergrant-key": "eg_no" }]) {
      const refused = await ask("/", { headers });
      expect([refused.status, refused.headers["content-type"]]).toEqual([401, "application/problem+json"]);
      expect(refused.headers.via).toBeUndefined();
    }
  });

  test("of every method gets the answer of that method, with the lengths that were said", async () => {
    const { ask, script, last, seen, stage } = await openScripted();
    script.answer = (request, response) => {
      request.resume();
      response.writeHead(200, { "content-length": 5, etag: '"1"' });
      response.end(request.method === "HEAD" ? undefined : "12345");
    };
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "MKCOL", "REPORT"]) {
      expect(await ask("/m", { method })).toMatchObject({ status: 200, text: "12345" });
      expect(last()?.method).toBe(method);
    }
    const head = await ask("/m", { method: "HEAD" });
    expect([head.status, head.headers["content-length"], head.text, last()?.method]).toEqual([200, "5", "", "HEAD"]);
    // A body is framed whatever the method.
    const chunked = { "evergrant-key": stage.adminKey, "transfer-encoding": "chunked" };
    await ask("/m", { method: "DELETE", headers: chunked, body: "x" });
    expect(last()?.headers["transfer-encoding"]).toBe("chunked");
    await ask("/m", { method: "POST" });
    expect(last()?.headers["content-length"]).toBe("0");
    for (const status of [204, 304]) {
      script.answer = (_request, response) => void response.writeHead(status, { etag: '"1"' }).end();
      expect(await ask("/m")).toMatchObject({ status, text: "", headers: { etag: '"1"' } });
    }
    const asked = seen.length;
    expect((await ask("/m", { method: "TRACE" })).status).toBe(404);
    expect(seen.length).toBe(asked);
  });

  test("that would change the protocol is refused, and an offer of HTTP/2 is not taken up", async () => {
    const proxied = await openScripted();
    const { at, stage, seen } = proxied;
    const asking = (upgrade: string) =>
      `GET ${at("/")} HTTP/1.1\r\nhost: x\r\nevergrant-key: ${stage.adminKey}\r\nupgrade: ${upgrade}\r\nconnection: upgrade, close, http2-settings\r\nhttp2-settings: AAMA\r\n\r\n`;
    expect(await exchangeRaw(proxied, asking("websocket"))).toMatch(/^HTTP\/1\.1 400 [^]*WebSockets/);
    expect(seen).toEqual([]);
    expect(await exchangeRaw(proxied, asking("h2c"))).toMatch(/^HTTP\/1\.1 200 /);
    expect(seen[0]?.raw.join(" ")).not.toMatch(/upgrade|http2/i);
    expect(await exchangeRaw(proxied, `CONNECT ${at("/")} HTTP/1.1\r\nhost: x\r\n\r\n`)).not.toContain("200");
  });

  test("in chunks, with trailers both ways, keeps them", async () => {
    const { begin, script, stage } = await openScripted();
    let trailers: unknown;
    script.answer = async (request, response) => {
      const body = await text(request);
      trailers = request.trailers;
      response.writeHead(200, { trailer: "X-Sum" });
      response.write(body);
      response.addTrailers({ "X-Sum": "2", "Set-Cookie": "a=b" });
      response.end();
    };
    const sent = begin("/", {
      method: "POST",
      headers: { authorization: `Bearer ${stage.adminKey}`, "transfer-encoding": "chunked", trailer: "x-own" },
    });
    sent.write("a");
    sent.write("b");
    sent.addTrailers({ "x-own": "1", authorization: "Bearer x" });
    sent.end();
    const incoming = await answerTo(sent);
    expect((await whole(incoming)).text).toBe("ab");
    expect(incoming.trailers).toEqual({ "x-sum": "2" });
    expect(trailers).toEqual({ "x-own": "1" });
  });

  test("that waits to be asked for its body is asked when the API asks, and not when it has answered", async () => {
    const { begin, script, stage, api } = await openScripted();
    const asked: string[] = [];
    const headers = { "evergrant-key": stage.adminKey, expect: "100-continue", "content-length": "4" };
    api.server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
      asked.push(request.url ?? "");
      if (request.url === "/no") return void response.writeHead(413, { connection: "close" }).end("too large");
      response.writeContinue();
      void script.answer(request, response);
    });
    script.answer = async (request, response) => void response.end(`took ${await text(request)}`);

    const refused = begin("/no", { method: "PUT", headers });
    refused.on("continue", () => asked.push("continue"));
    refused.flushHeaders();
    expect(await whole(await answerTo(refused))).toMatchObject({ status: 413, text: "too large" });
    refused.destroy();

    const taken = begin("/yes", { method: "PUT", headers });
    taken.on("continue", () => {
      asked.push("continue");
      taken.end("body");
    });
    taken.flushHeaders();
    expect(await whole(await answerTo(taken))).toMatchObject({ status: 200, text: "took body" });
    expect(asked).toEqual(["/no", "/yes", "continue"]);
  });
});

describe("an answer", () => {
  test("that leads on leads through the proxy where that leads there, and elsewhere as it was", async () => {
    const { ask, script, api, connectionId, stage } = await openScripted();
    const through = `/proxy/${connectionId}/${api.host}`;
    let headers: Record<string, string> = {};
    script.answer = (_request, response) => void response.writeHead(302, headers).end();
    for (const [location, expected] of [
      [`http://${api.host}/next?x=1#y`, `${through}/next?x=1#y`],
      ["/rooted", `${through}/rooted`],
      ["beside?z", `${through}/a/beside?z`],
      ["https://elsewhere.example/file?signature=1", "https://elsewhere.example/file?signature=1"],
      [`https://${api.host}/other-scheme`, `https://${api.host}/other-scheme`],
      [`http://user@${api.host}/`, `http://user@${api.host}/`],
      ["//elsewhere.example/x", "//elsewhere.example/x"],
      ["http://[", "http://["],
    ] as const) {
      headers = { location };
      expect([location, (await ask("/a/b")).headers.location]).toEqual([location, expected]);
    }
    headers = { link: `<http://${api.host}/a?page=2>; rel="next", <https://docs.example/>; rel="help"` };
    const next = `<${stage.service.url}${through}/a?page=2>; rel="next", <https://docs.example/>; rel="help"`;
    expect((await ask("/a")).headers.link).toBe(next);
    expect(api.paths.filter((path) => path.startsWith("/next"))).toEqual([]);
  });

  test("in between is passed on, and its headers come before its body is there", async () => {
    const { begin, script } = await openScripted();
    script.answer = (_request, response) => {
      response.writeEarlyHints({ link: "</style.css>; rel=preload" });
      response.writeProcessing();
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.flushHeaders();
    };
    const interim: number[] = [];
    const sent = begin("/events");
    sent.on("information", ({ statusCode }) => interim.push(statusCode));
    sent.end();
    const incoming = await answerTo(sent);
    expect(interim).toEqual([103, 102]);
    expect(incoming.headers["content-type"]).toBe("text/event-stream");
    sent.destroy();
  });

  test("of an API that is not there, breaks off, is silent or speaks no HTTP is a problem without an address", async () => {
    const { stage, connectionId, ask, script } = await openScripted();
    script.answer = (request) => void request.socket.destroy();
    expect(JSON.parse((await ask("/")).text)).toMatchObject({ status: 502, code: "api_unreachable" });
    script.answer = (request) => void request.socket.end("HTTP/1.1 700 Odd\r\ncontent-length: 0\r\n\r\n");
    expect(JSON.parse((await ask("/")).text)).toMatchObject({ status: 502, code: "api_unreachable" });
    const odd = await serveTcp((socket) => socket.end("SSH-2.0-made-up\r\n"));
    const gone = await serveTcp(() => undefined);
    const hosts = [odd.host, "127.0.0.1:1", "localhost:1", "nowhere.invalid"];
    const proxy_hosts = [`http://${odd.host}`, "http://127.0.0.1:1", "http://localhost:1", "nowhere.invalid"];
    await stage.api("PATCH", `/v1/clients/${stage.clientId}`, { settings: { proxy_hosts } });
    // What may be asked is known for some seconds.
    await stage.clock.leap(6_000);
    for (const host of hosts) {
      const failed = await askAt(stage, `/proxy/${connectionId}/${host}/`);
      expect([host, failed.status, failed.text]).toEqual([host, 502, expect.stringContaining("api_unreachable")]);
      expect(failed.text).not.toMatch(/127\.|localhost|invalid|ECONN/);
    }
    expect(gone.connections()).toBe(0);
    const outcomes = stage.log.filter((line) => line.includes("proxy.completed"));
    expect(outcomes.every((line) => line.includes('"outcome":"unreachable"'))).toBe(true);
  });
});
