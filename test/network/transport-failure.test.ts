import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { freePort } from "../stage/free-port.ts";
import { listen, openTransport, serveHttp, serveTcp } from "./loopback.ts";
import { selfSigned } from "@evergrant/sandbox";

function post(url: string, deadlineMs = 5000, headers: Record<string, string> = {}) {
  return openTransport().send({ method: "POST", url, headers, body: "refresh_token=rt-1" }, { deadlineMs });
}

describe("a failure after which the server may have acted", () => {
  test("is a timeout when no answer comes", async () => {
    const server = await serveHttp(() => undefined);
    expect(await post(`http://${server.host}/`, 50)).toEqual({ kind: "failure", sent: true, reason: "timeout" });
    expect(server.paths).toEqual(["/"]);
  });

  test("is a timeout when the body stops half-way", async () => {
    const server = await serveHttp((_request, response) => void response.write('{"access_token":'));
    expect(await post(`http://${server.host}/`, 50)).toEqual({ kind: "failure", sent: true, reason: "timeout" });
  });

  test("is a timeout when the body comes too slowly, though something comes all the time", async () => {
    const server = await serveHttp((_request, response) => {
      const drip = setInterval(() => response.write(" "), 5);
      response.on("close", () => clearInterval(drip));
    });
    expect(await post(`http://${server.host}/`, 80)).toEqual({ kind: "failure", sent: true, reason: "timeout" });
  });

  test.each<[string, (socket: Socket) => void]>([
    ["resets the connection", (socket) => void socket.resetAndDestroy()],
    ["closes the connection", (socket) => void socket.end()],
    ["breaks off in the headers", (socket) => void socket.end("HTTP/1.1 200 OK\r\nContent-Ty")],
    ["breaks off in the body", (socket) => void socket.end("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")],
    ["answers something that is not HTTP", (socket) => void socket.end("220 mail.example ESMTP\r\n\r\n")],
  ])("is a reset when the server %s after the request", async (_what, act) => {
    const server = await serveTcp((socket) => void socket.on("data", () => act(socket)));
    expect(await post(`http://${server.host}/`)).toEqual({ kind: "failure", sent: true, reason: "reset" });
    expect(server.connections()).toBe(1);
  });
});

describe("a failure that proves that the server did nothing", () => {
  test("is a refused connection", async () => {
    const port = await freePort();
    expect(await post(`http://127.0.0.1:${port}/`)).toEqual({ kind: "failure", sent: false, reason: "refused" });
  });

  test("is a name that does not exist (RFC 6761 §6.4)", async () => {
    expect(await post("https://evergrant-test.invalid/token")).toEqual({ kind: "failure", sent: false, reason: "dns" });
  });

  test("is a name that cannot exist", async () => {
    const url = `https://${"a".repeat(64)}.invalid/`;
    expect(await post(url)).toEqual({ kind: "failure", sent: false, reason: "dns" });
  });

  test("is a certificate that nobody vouches for", async () => {
    let requests = 0;
    const server = await listen(createTlsServer(selfSigned("127.0.0.1"), () => requests++));
    expect(await post(`https://${server.host}/`)).toEqual({ kind: "failure", sent: false, reason: "tls" });
    expect(requests).toBe(0);
  });

  test.each<[string, (socket: Socket) => void]>([
    ["answers something that is not TLS", (socket) => void socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["closes the connection", (socket) => void socket.end()],
    ["resets the connection", (socket) => void socket.resetAndDestroy()],
    ["sends a TLS alert", (socket) => void socket.end(Buffer.from("15030300020228", "hex"))],
  ])("is a TLS handshake in which the server %s", async (_what, act) => {
    const server = await serveTcp((socket) => void socket.once("data", () => act(socket)));
    expect(await post(`https://${server.host}/`)).toEqual({ kind: "failure", sent: false, reason: "tls" });
    expect(server.connections()).toBe(1);
  });

  test.each([
    ["a line break", "a\r\nx-injected: 1"],
    ["a null byte", "a\u0000b"],
    ["a character beyond Latin-1", "Bearer tok\u20acn"],
  ])("is a header that cannot be sent, with %s", async (_what, value) => {
    const server = await serveHttp((_request, response) => response.end());
    const result = await post(`http://${server.host}/`, 5000, { authorization: value });
    expect(result).toMatchObject({ kind: "failure", sent: false });
    expect(server.paths).toEqual([]);
  });
});

test("a closed transport fails instead of throwing", async () => {
  const server = await serveHttp((_request, response) => response.end());
  const transport = openTransport();
  await transport.close();
  const result = await transport.send(
    { method: "GET", url: `http://${server.host}/`, headers: {} },
    { deadlineMs: 1000 },
  );
  expect([result.kind, server.connections()]).toEqual(["failure", 0]);
});

test("no path and no header makes it throw", async () => {
  const server = await serveHttp((_request, response) => response.end());
  const transport = openTransport();
  const text = fc.string({ unit: "binary" });
  const property = fc.asyncProperty(text, text, async (path, value) => {
    const url = `http://${server.host}/${path}`;
    const result = await transport.send({ method: "GET", url, headers: { "x-thing": value } }, { deadlineMs: 5000 });
    expect(result.kind === "response" || !result.sent).toBe(true);
  });
  await fc.assert(property, { numRuns: 50 });
});
