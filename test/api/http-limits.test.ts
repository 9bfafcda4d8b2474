import { once } from "node:events";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Admission } from "../../src/access/admission.ts";
import { HTTP_LIMITS, type HttpLimits } from "../../src/api/http-limits.ts";
import { createApp } from "../../src/api/server.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";
import { openStage } from "../stage/stage.ts";

/** Nobody has a key here: what is tested comes before one is looked at. */
const NOBODY: Admission = {
  identify: () => Promise.reject(new Error("Nobody has a key.")),
  identifyOperator: () => Promise.reject(new Error("Nobody is signed in.")),
  guess: () => Promise.resolve(null),
  recall: () => undefined,
  enter: () => 0,
  limitsOf: () => [],
};

/** More than the buffers on the way take. */
const LARGE = 32 * 1024 * 1024;

/** The service's own server, with limits that a test can wait for. */
async function startServer(limits: Partial<HttpLimits>) {
  const app = await createApp({
    admission: NOBODY,
    peerAddress: () => null,
    operatorGuard: () => Promise.resolve(null),
    observer: { event: () => undefined },
    shortcut: () => false,
    isStreamed: ({ url }) => url === "/stream",
    limits: { ...HTTP_LIMITS, lookEvery: 20, ...limits },
  });
  app.get("/quick", () => "done");
  app.get("/large", () => "x".repeat(LARGE));
  app.post("/take", () => "taken");
  app.post("/stream", { onRequest: () => Promise.reject(new ServiceError("not_found", "Nothing.")) }, () => "streamed");
  await app.listen({ port: 0, host: "127.0.0.1" });
  onTestFinished(() => app.close());
  return { server: app.server, port: Number(new URL(app.listeningOrigin).port) };
}

async function serve(limits: Partial<HttpLimits>): Promise<number> {
  return (await startServer(limits)).port;
}

interface Peer {
  socket: Socket;
  /** Everything that came, once the other side has closed the connection. */
  ended: Promise<string>;
}

function dial(port: number): Peer {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => void socket.destroy());
  const chunks: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => chunks.push(chunk));
  socket.on("error", () => undefined);
  const ended = new Promise<string>((resolve) => {
    socket.on("close", () => resolve(Buffer.concat(chunks).toString()));
  });
  return { socket, ended };
}

/** What comes first from the other side. */
function firstOf({ socket }: Peer): Promise<string> {
  return new Promise((resolve) => socket.once("data", (chunk: Buffer) => resolve(chunk.toString())));
}

/** Sends one more piece each time, for as long as the other side takes them. */
function trickle({ socket }: Peer, piece: string): void {
  const timer = setInterval(() => socket.write(piece), 5);
  socket.on("close", () => clearInterval(timer));
}

const HEAD = "POST /take HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";

describe("a request that never ends is given up", () => {
  test("when nothing comes at all", async () => {
    const peer = dial(await serve({ headersWithin: 100, requestWithin: 100_000 }));
    expect(await peer.ended).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("when its headers come byte by byte (slowloris)", async () => {
    const peer = dial(await serve({ headersWithin: 100, requestWithin: 100_000 }));
    peer.socket.write("GET /quick HTTP/1.1\r\nhost: x\r\n");
    trickle(peer, "x-a: b\r\n");
    expect(await peer.ended).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("when its body comes byte by byte", async () => {
    const peer = dial(await serve({ headersWithin: 100, requestWithin: 150 }));
    peer.socket.write(`${HEAD}content-length: 100000\r\n\r\n[`);
    trickle(peer, " ");
    expect(await peer.ended).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("when its chunks never come to an end", async () => {
    const peer = dial(await serve({ headersWithin: 100, requestWithin: 150 }));
    peer.socket.write(`${HEAD}transfer-encoding: chunked\r\n\r\n`);
    trickle(peer, "1\r\n \r\n");
    expect(await peer.ended).toMatch(/^HTTP\/1\.1 408 /);
  });

  test("when nobody wants the rest of a body that might have taken its time", async () => {
    const peer = dial(await serve({ headersWithin: 100, requestWithin: 150 }));
    peer.socket.write(`${HEAD.replace("/take", "/stream")}transfer-encoding: chunked\r\n\r\n`);
    trickle(peer, "1\r\n \r\n");
    const answers = await peer.ended;
    expect(answers).toMatch(/^HTTP\/1\.1 404 /);
    expect(answers).not.toContain(" 408 ");
  });

  test("when it is the second one of a connection", async () => {
    const peer = dial(await serve({ headersWithin: 100, requestWithin: 100_000 }));
    peer.socket.write("GET /quick HTTP/1.1\r\nhost: x\r\n\r\n");
    await once(peer.socket, "data");
    peer.socket.write("GET /quick HTTP/1.1\r\n");
    trickle(peer, "x-a: b\r\n");
    expect(await peer.ended).toMatch(/^HTTP\/1\.1 200 [^]*HTTP\/1\.1 408 /);
  });
});

describe("a connection that is not used is closed", () => {
  test("after an answer", async () => {
    const peer = dial(await serve({ idleAfterAnswer: 50 }));
    peer.socket.write("GET /quick HTTP/1.1\r\nhost: x\r\n\r\n");
    expect(await peer.ended).toMatch(/^HTTP\/1\.1 200 [^]*done$/);
  });

  test("when its caller does not take the answer", async () => {
    const { server, port } = await startServer({ silentFor: 100 });
    const accepted = new Promise<Socket>((resolve) => server.once("connection", resolve));
    const peer = dial(port);
    peer.socket.write("GET /large HTTP/1.1\r\nhost: x\r\n\r\n");
    await once(peer.socket, "data");
    peer.socket.pause();
    const socket = await accepted;
    if (!socket.closed) await once(socket, "close");
    peer.socket.resume();
    expect((await peer.ended).length).toBeLessThan(LARGE);
  });

  test("when there are too many, while those that there are go on", async () => {
    const port = await serve({ connections: 3 });
    const first = [dial(port), dial(port), dial(port)];
    await Promise.all(first.map(({ socket }) => once(socket, "connect")));
    const answered = first.map(async ({ socket }) => {
      socket.write("GET /quick HTTP/1.1\r\nhost: x\r\n\r\n");
      await once(socket, "data");
    });
    await Promise.all(answered);
    const surplus = dial(port);
    expect(await surplus.ended).toBe("");
    for (const { socket } of first) {
      socket.write("GET /quick HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    }
    for (const { ended } of first) expect(await ended).toMatch(/done[^]*done$/);
    const later = dial(port);
    later.socket.write("GET /quick HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    expect(await later.ended).toMatch(/done$/);
  });
});

/** What the running service answers to these bytes, until it closes the connection. */
async function answerTo(...pieces: string[]): Promise<string> {
  const stage = await openStage();
  const peer = dial(stage.settings.port);
  for (const piece of pieces) peer.socket.write(piece);
  return peer.ended;
}

describe("the service itself", () => {
  const limit = HTTP_LIMITS.largestHeaders;

  test("refuses headers that are too large, at once", async () => {
    const start = "GET /healthz HTTP/1.1\r\nhost: x\r\n";
    expect(await answerTo(`${start}x-a: ${"a".repeat(limit)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    const many = "x-a: b\r\n".repeat(limit / 4);
    expect(await answerTo(`${start}${many}\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await answerTo(`GET /${"a".repeat(limit)} HTTP/1.1\r\nhost: x\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    const most = `${start}connection: close\r\nx-a: ${"a".repeat(limit - 200)}\r\n\r\n`;
    expect(await answerTo(most)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test("refuses a body that says it is too large before it has come, and one that turns out to be", async () => {
    const stage = await openStage();
    const head = `POST /v1/clients HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${stage.adminKey}\r\ncontent-type: application/json\r\n`;
    const announced = dial(stage.settings.port);
    announced.socket.write(`${head}content-length: ${HTTP_LIMITS.largestBody + 1}\r\n\r\n`);
    expect(await firstOf(announced)).toMatch(/^HTTP\/1\.1 413 [^]*payload_too_large/);

    const chunked = dial(stage.settings.port);
    chunked.socket.write(`${head}transfer-encoding: chunked\r\n\r\n`);
    const size = HTTP_LIMITS.largestBody.toString(16);
    chunked.socket.write(`${size}\r\n${" ".repeat(HTTP_LIMITS.largestBody)}\r\n1\r\n \r\n`);
    expect(await firstOf(chunked)).toMatch(/^HTTP\/1\.1 413 [^]*payload_too_large/);
  });

  test.each([
    ["two lengths", "content-length: 1\r\ncontent-length: 2\r\n\r\nx"],
    ["a length and chunks", "content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a length that is none", "content-length: 1e1\r\n\r\nx"],
    ["chunks of another coding", "transfer-encoding: x, identity\r\n\r\n"],
    ["a header that is folded", "x-a: b\r\n c\r\n\r\n"],
    ["a header with a blank in its name", "x a: b\r\n\r\n"],
    ["a header with a zero byte", "x-a: \0\r\n\r\n"],
  ])("refuses a request that a proxy may have read otherwise: %s", async (_what, rest) => {
    const answer = await answerTo(`POST /v1/clients HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${rest}`);
    expect(answer).toMatch(/^HTTP\/1\.1 (400|401) /);
    expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  test("says nothing of itself to what is no HTTP", async () => {
    expect(await answerTo("\x16\x03\x01 hello\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("still answers others meanwhile", async () => {
    const stage = await openStage();
    const peers = Array.from({ length: 200 }, () => dial(stage.settings.port));
    for (const { socket } of peers) socket.write("GET /healthz HTTP/1.1\r\nx");
    await Promise.all(peers.map(({ socket }) => once(socket, "connect")));
    const [response] = await once(request(`${stage.service.url}/healthz`).end(), "response");
    expect(Reflect.get(response, "statusCode")).toBe(200);
  });
});

test("the limits are in proportion to each other", () => {
  const { headersWithin, requestWithin, lookEvery, idleAfterAnswer, silentFor } = HTTP_LIMITS;
  expect(headersWithin).toBeLessThan(requestWithin);
  expect(lookEvery).toBeLessThanOrEqual(headersWithin);
  // A load balancer's usual 60 s end first; and no answer takes as long as silence may last.
  expect(idleAfterAnswer).toBeGreaterThan(60_000);
  expect(silentFor).toBeGreaterThan(2 * 60_000);
});
