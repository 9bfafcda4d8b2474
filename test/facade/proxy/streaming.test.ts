import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, expect, test } from "vitest";
import { MINUTE } from "../../../src/runtime/clock.ts";
import { openStage } from "../../stage/stage.ts";
import { answerTo, askAt, begin, openProxyStage } from "./proxy-stage.ts";

const MB = 1024 * 1024;
const CHUNK = Buffer.alloc(64 * 1024, "x");

/** As many chunks as make `bytes`, and how many were taken. */
function source(bytes: number) {
  const given = { bytes: 0 };
  const stream = new Readable({
    highWaterMark: CHUNK.length,
    read() {
      if (given.bytes >= bytes) return void this.push(null);
      given.bytes += CHUNK.length;
      this.push(CHUNK);
    },
  });
  return { stream, given };
}

/** What sockets on loopback and the streams between them hold, whatever passes. */
const IN_FLIGHT = 24 * MB;

/** Waits until `value` stands still. */
async function settled(value: () => number): Promise<number> {
  let before = -1;
  await expect
    .poll(
      () => {
        const isStill = before === value();
        before = value();
        return isStill && before > 0;
      },
      { interval: 300, timeout: 15_000 },
    )
    .toBe(true);
  return before;
}

describe("bodies of 64 MB pass, and wait for whoever reads slowly", () => {
  test("on the way to the API", async () => {
    let api: IncomingMessage | undefined;
    let received = 0;
    const { begin: open, stage } = await openProxyStage((request, response) => {
      api = request;
      request.once("end", () => response.end(String(received)));
    });
    const { stream, given } = source(64 * MB);
    const headers = { authorization: `Bearer ${stage.adminKey}`, "content-length": String(64 * MB) };
    const sent = open("/", { method: "PUT", headers });
    const upload = pipeline(stream, sent);
    const answered = answerTo(sent);
    // The API reads nothing yet.
    expect(await settled(() => given.bytes)).toBeLessThan(IN_FLIGHT);
    api?.on("data", (chunk: Buffer) => (received += chunk.length));
    await upload;
    expect((await answered).statusCode).toBe(200);
    expect(received).toBe(64 * MB);
  });

  test("on the way back", async () => {
    const { stream, given } = source(64 * MB);
    const { begin: open } = await openProxyStage((_request, response) => {
      response.writeHead(200, { "content-length": 64 * MB });
      stream.pipe(response);
    });
    const sent = open("/");
    sent.end();
    const incoming = await answerTo(sent);
    // The caller reads nothing yet.
    expect(await settled(() => given.bytes)).toBeLessThan(IN_FLIGHT);
    let received = 0;
    for await (const chunk of incoming as AsyncIterable<Buffer>) received += chunk.length;
    expect(received).toBe(64 * MB);
  });
});

function untilClosed(stream: IncomingMessage | ServerResponse | undefined): Promise<void> {
  stream?.on("error", () => undefined);
  return new Promise((resolve) => stream?.once("close", resolve));
}

async function openEndless() {
  const requests: IncomingMessage[] = [];
  const responses: ServerResponse[] = [];
  const proxied = await openProxyStage((request, response) => {
    requests.push(request);
    responses.push(response);
    if (request.url === "/answer") response.writeHead(200, { "content-length": 1000 }).write("begun");
  });
  const outcomes = () => proxied.stage.log.join("").match(/(?<="proxy.completed"[^\n]*"outcome":")\w+/g) ?? [];
  return { ...proxied, requests, responses, outcomes };
}

describe("who leaves, leaves for all", () => {
  test("a caller: before an answer, in the middle of one, in the middle of a body", async () => {
    const { begin: open, requests, responses, outcomes, stage } = await openEndless();
    const waiting = open("/wait");
    waiting.end();
    await expect.poll(() => requests.length).toBe(1);
    const first = untilClosed(responses[0]);
    waiting.destroy();
    await first;

    const reading = open("/answer");
    reading.end();
    const incoming = await answerTo(reading);
    incoming.on("error", () => undefined);
    await once(incoming, "data");
    const second = untilClosed(responses[1]);
    reading.destroy();
    await second;

    const headers = { authorization: `Bearer ${stage.adminKey}`, "content-length": "1000" };
    const sending = open("/wait", { method: "POST", headers });
    sending.write("begun");
    await expect.poll(() => requests.length).toBe(3);
    const third = untilClosed(requests[2]);
    sending.destroy();
    await third;
    expect(requests[2]?.complete).toBe(false);
    await expect.poll(outcomes).toEqual(["aborted", "aborted", "aborted"]);
  });

  test("an API: half of an answer does not end like a whole one", async () => {
    const { begin: open, responses, outcomes } = await openEndless();
    for (const path of ["/answer", "/chunked"]) {
      const sent = open(path);
      sent.end();
      const answered = answerTo(sent);
      await expect.poll(() => responses.length).toBeGreaterThan(0);
      const response = responses.pop();
      if (path === "/chunked") response?.writeHead(200).write("begun");
      const incoming = await answered;
      const ended = once(incoming, "end").then(
        () => "whole",
        (error: Error) => error.message,
      );
      incoming.resume();
      response?.destroy();
      expect([path, await ended]).toEqual([path, "aborted"]);
      expect(incoming.complete).toBe(false);
    }
    await expect.poll(outcomes).toEqual(["broken", "broken"]);
  });

  test("the service: what has not ended ten seconds after it was told to stop", async () => {
    const { begin: open, stage } = await openEndless();
    const sent = open("/answer");
    sent.end();
    const incoming = await answerTo(sent);
    const ended = once(incoming, "end").catch((error: Error) => error.message);
    incoming.resume();
    const closed = stage.service.close();
    await stage.clock.advance(9_000);
    expect(incoming.errored).toBeNull();
    await stage.clock.advance(2_000);
    expect(await ended).toBe("aborted");
    await closed;
  });
});

test("no more than a hundred requests of one connection are under way at once", async () => {
  const waiting: ServerResponse[] = [];
  const { begin: open, ask } = await openProxyStage((_request, response) => void waiting.push(response));
  const all = Array.from({ length: 100 }, () => open("/"));
  const answers = all.map((sent) => answerTo(sent));
  for (const sent of all) sent.end();
  await expect.poll(() => waiting.length, { timeout: 15_000 }).toBe(100);
  const surplus = await ask("/");
  expect([surplus.status, surplus.headers["retry-after"]]).toEqual([429, "1"]);
  expect(JSON.parse(surplus.text)).toMatchObject({ code: "rate_limited" });
  for (const response of waiting.splice(0)) response.end();
  for (const incoming of await Promise.all(answers)) incoming.resume();
  const later = ask("/");
  await expect.poll(() => waiting.length).toBe(1);
  waiting[0]?.end("there is room");
  expect((await later).text).toBe("there is room");
});

/** Tokens of five minutes, as the provider says; the sandbox itself counts by the real clock. */
async function openShortLived() {
  const stage = await openStage({ behaviour: { accessTokenLifetimeSeconds: 300 } });
  const proxy_hosts = [stage.sandbox.url];
  await stage.api("PATCH", `/v1/clients/${stage.clientId}`, { settings: { proxy_hosts } });
  const { connectionId } = await stage.connect();
  const at = (path: string) => `/proxy/${connectionId}/${new URL(stage.sandbox.url).host}${path}`;
  return { stage, connectionId, at };
}

test("an upload of 220 minutes with tokens of five goes on and on, in ranges", async () => {
  const { stage, connectionId, at } = await openShortLived();
  const ranges = 55;
  const length = 4096;
  const total = ranges * length;
  const generations = new Set<string | undefined>();
  for (let range = 0; range < ranges; range++) {
    const from = range * length;
    const answer = await askAt(stage, at("/api/uploads/video"), {
      method: "PUT",
      headers: {
        authorization: `Bearer ${stage.adminKey}`,
        "content-range": `bytes ${from}-${from + length - 1}/${total}`,
      },
      body: Buffer.alloc(length, range),
    });
    expect([range, answer.status]).toEqual([range, range === ranges - 1 ? 201 : 308]);
    const token = await stage.token(connectionId, "?min_ttl=0");
    generations.add(/"generation":\d+/.exec(token.text)?.[0]);
    await stage.clock.leap(4 * MINUTE);
  }
  expect(generations.size).toBeGreaterThan(40);
  expect(stage.log.join("")).not.toContain("access_token.rejected");
}, 60_000);

test("one request that outlives its token, and many after it, is not cut", async () => {
  const { stage, connectionId, at } = await openShortLived();
  const length = 55 * 1024;
  const sent = begin(stage, at("/api/uploads/one"), {
    method: "PUT",
    headers: {
      authorization: `Bearer ${stage.adminKey}`,
      "content-range": `bytes 0-${length - 1}/${length}`,
      "content-length": String(length),
    },
  });
  const answered = answerTo(sent);
  for (let minute = 0; minute < 220; minute += 4) {
    sent.write(Buffer.alloc(1024));
    await stage.clock.leap(4 * MINUTE);
  }
  sent.end();
  expect((await answered).statusCode).toBe(201);
  expect((await stage.token(connectionId)).body).toMatchObject({ refresh_state: "ok" });
}, 60_000);
