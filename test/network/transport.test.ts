import { describe, expect, test } from "vitest";
import { openTransport, serveHttp } from "./loopback.ts";

const WITHIN = { deadlineMs: 5000 };
const LARGEST = 256 * 1024;

async function get(answer: Parameters<typeof serveHttp>[0]) {
  const server = await serveHttp(answer);
  const url = `http://${server.host}/`;
  return openTransport().send({ method: "GET", url, headers: {} }, WITHIN);
}

describe("a request", () => {
  test("arrives as it was given, with this service's name", async () => {
    const seen: unknown[] = [];
    const server = await serveHttp((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += String(chunk)));
      request.on("end", () => {
        const { accept, authorization, "user-agent": userAgent } = request.headers;
        seen.push({ method: request.method, url: request.url, accept, authorization, userAgent, body });
        response.end("ok");
      });
    });
    const headers = { accept: "application/json", authorization: "Basic eDp5" };
    const url = `http://${server.host}/token?a=b%20c`;
    await openTransport().send({ method: "POST", url, headers, body: "grant_type=x&scope=a+b" }, WITHIN);
    expect(seen).toEqual([
      {
        method: "POST",
        url: "/token?a=b%20c",
        accept: "application/json",
        authorization: "Basic eDp5",
        userAgent: "evergrant",
        body: "grant_type=x&scope=a+b",
      },
    ]);
  });

  test("has a connection of its own, though the server would keep it open", async () => {
    const connectionHeaders: (string | undefined)[] = [];
    const server = await serveHttp((request, response) => {
      connectionHeaders.push(request.headers.connection);
      response.writeHead(200, { connection: "keep-alive" }).end("{}");
    });
    const transport = openTransport();
    const request = { method: "GET" as const, url: `http://${server.host}/`, headers: {} };
    for (let n = 0; n < 3; n++) await transport.send(request, WITHIN);
    await Promise.all([1, 2].map(() => transport.send(request, WITHIN)));
    expect(server.connections()).toBe(5);
    expect(connectionHeaders).toEqual(Array(5).fill("close"));
  });
});

describe("an answer", () => {
  test("has its status, its headers in lower case and its bytes", async () => {
    const bytes = Buffer.from([0, 255, 10, 200]);
    const result = await get((_request, response) => response.writeHead(200, { "X-Request-Id": "r-1" }).end(bytes));
    expect(result).toMatchObject({
      kind: "response",
      response: { status: 200, headers: { "x-request-id": "r-1" }, body: new Uint8Array(bytes), retryAfterMs: null },
    });
  });

  test.each([400, 401, 403, 404, 429, 500, 502, 503, 504])("is an answer under HTTP %i too", async (status) => {
    const result = await get((_request, response) => response.writeHead(status).end('{"error":"x"}'));
    expect(result).toMatchObject({ kind: "response", response: { status } });
  });

  test("has headers that were sent twice joined with a comma", async () => {
    const result = await get((_request, response) => {
      response.writeHead(200, [
        ["X-Thing", "a"],
        ["x-thing", "b"],
        ["WWW-Authenticate", "Basic"],
        ["WWW-Authenticate", "Bearer"],
      ]);
      response.end();
    });
    const headers = { "x-thing": "a, b", "www-authenticate": "Basic, Bearer" };
    expect(result).toMatchObject({ kind: "response", response: { headers } });
  });

  test("says how long to wait, from Retry-After in seconds (RFC 9110 §10.2.3)", async () => {
    const result = await get((_request, response) => response.writeHead(429, { "retry-after": "17" }).end());
    expect(result).toMatchObject({ kind: "response", response: { retryAfterMs: 17_000 } });
  });

  test("says how long to wait, from Retry-After as a date (RFC 9110 §10.2.3)", async () => {
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    const result = await get((_request, response) => response.writeHead(503, { "retry-after": date }).end());
    const wait = result.kind === "response" ? result.response.retryAfterMs : null;
    expect(wait).toBeGreaterThan(3_500_000);
    expect(wait).toBeLessThanOrEqual(3_600_000);
  });

  test("may have 256 kB", async () => {
    const result = await get((_request, response) => response.end(Buffer.alloc(LARGEST)));
    expect(result.kind === "response" && result.response.body.length).toBe(LARGEST);
  });

  test("is refused when it announces more than 256 kB", async () => {
    const result = await get((_request, response) => response.end(Buffer.alloc(LARGEST + 1)));
    expect(result).toEqual({ kind: "failure", sent: true, reason: "too_large" });
  });

  test("is refused when it turns out to have more than 256 kB", async () => {
    const result = await get((_request, response) => {
      response.write(Buffer.alloc(LARGEST));
      response.end("x");
    });
    expect(result).toEqual({ kind: "failure", sent: true, reason: "too_large" });
  });

  test.each([301, 302, 303, 307, 308])(
    "with HTTP %i is not followed, so that nobody else gets the secret (redirect-would-leak-secret-to-foreign-host)",
    async (status) => {
      const target = await serveHttp((_request, response) => response.end());
      const location = `http://${target.host}/elsewhere`;
      const server = await serveHttp((_request, response) => response.writeHead(status, { location }).end());
      const request = { method: "POST" as const, url: `http://${server.host}/token`, headers: {}, body: "secret=x" };
      const result = await openTransport().send(request, WITHIN);
      expect(result).toMatchObject({ kind: "response", response: { status, headers: { location } } });
      expect([server.paths, target.connections()]).toEqual([["/token"], 0]);
    },
  );

  test("asks for no cookie, and none is sent back", async () => {
    const cookies: unknown[] = [];
    const server = await serveHttp((request, response) => {
      cookies.push(request.headers.cookie);
      response.writeHead(200, { "set-cookie": "session=1" }).end();
    });
    const transport = openTransport();
    for (let n = 0; n < 2; n++) {
      await transport.send({ method: "GET", url: `http://${server.host}/`, headers: {} }, WITHIN);
    }
    expect(cookies).toEqual([undefined, undefined]);
  });
});
