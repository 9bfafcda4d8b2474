import { buffer } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { createApiTransport } from "../../src/network/api-transport.ts";
import type { ApiRequest } from "../../src/oauth/api-transport.ts";
import { FORBIDDEN } from "./forbidden-destinations.ts";
import { serveHttp, serveTcp } from "./loopback.ts";

function open(allowedPrivateHosts: readonly string[], silentForMs = 5000) {
  const transport = createApiTransport({ allowedPrivateHosts, proxyFor: () => "", silentForMs });
  onTestFinished(() => transport.close());
  return (origin: string, request: Partial<ApiRequest> = {}) => {
    const host = ["Host", "x"] as const;
    const rest = { path: "/", headers: [host], body: null, trailers: () => [], expectsContinue: false };
    const options = { signal: new AbortController().signal, onInterim: () => undefined };
    return transport.send({ method: "GET", origin, ...rest, ...request }, options);
  };
}

test("no forbidden destination is connected to, however it is written", async () => {
  const server = await serveTcp((socket) => socket.destroy());
  const send = open([]);
  const urls = Object.values(FORBIDDEN).flat();
  for (const spelling of urls) {
    const url = spelling.replaceAll("PORT", String(server.port));
    expect([url, await send(URL.canParse(url) ? new URL(url).origin : url)]).toMatchObject([
      url,
      { kind: "failure", sent: false },
    ]);
  }
  expect(server.connections()).toBe(0);
}, 60_000);

test("connections are kept for the next request, and a closed one is told from an API that is gone", async () => {
  let requests = 0;
  const server = await serveHttp((request, response) => {
    requests++;
    if (requests === 3) return void request.socket.destroy();
    response.end("kept");
  });
  const send = open(["127.0.0.1"]);
  const origin = `http://${server.host}`;
  for (let count = 0; count < 2; count++) {
    const answer = await send(origin);
    expect(answer).toMatchObject({ kind: "answer", status: 200 });
    expect("body" in answer && (await buffer(answer.body)).toString()).toBe("kept");
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(server.connections()).toBe(1);
  expect(await send(origin)).toEqual({ kind: "failure", sent: true, reason: "reset", isStale: true });
  expect(await send("http://127.0.0.1:1")).toEqual({ kind: "failure", sent: false, reason: "refused", isStale: false });
});

test("silence ends a request, and what HTTP cannot carry is not sent", async () => {
  const server = await serveHttp(() => undefined);
  const send = open(["127.0.0.1"], 50);
  const origin = `http://${server.host}`;
  expect(await send(origin)).toMatchObject({ kind: "failure", sent: true, reason: "timeout" });
  const before = server.connections();
  for (const request of [{ path: "/a b" }, { headers: [["X", "a\r\nb"]] as const }]) {
    expect(await send(origin, request)).toMatchObject({ kind: "failure", sent: false, reason: "bad_url" });
  }
  expect(server.connections()).toBe(before);
});
