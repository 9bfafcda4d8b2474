import { createHash, randomBytes } from "node:crypto";
import { afterEach, expect, test, vi } from "vitest";
import { later } from "../../test/field/later.ts";
import { openStage } from "../../test/stage/stage.ts";
import { whileTimePasses } from "./while-time-passes.ts";
import { createEvergrant, googleUpload, pages, pageToken, resumableUpload } from "../src/index.ts";

const HOUR = 3_600_000;

async function start() {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  const connection = createEvergrant({ url: stage.service.url, apiKey: stage.adminKey }).connection(connectionId);
  vi.useFakeTimers({ toFake: ["Date"] });
  const calls: number[] = [];
  const tokens = new Set<string | undefined>();
  /** The connection's `fetch`, an hour after the call before, and one of its answers is lost. */
  const send = async (url: string | URL, init: Parameters<typeof connection.fetch>[1]) => {
    vi.setSystemTime(Date.now() + HOUR);
    await later(stage, HOUR);
    const response = await whileTimePasses(stage, connection.fetch(url, init));
    tokens.add((await connection.currentAccessToken()).accessToken);
    calls.push(response.status);
    if (calls.length === 2) throw new TypeError("fetch failed");
    return response;
  };
  return { stage, calls, tokens, send };
}

afterEach(() => void vi.useRealTimers());

test("an upload over five expiries, one of whose answers is lost, sends every byte once", async () => {
  const { stage, calls, tokens, send } = await start();
  const bytes = randomBytes(5 * 256 * 1024);
  const response = await resumableUpload({
    fetch: send,
    session: `${stage.sandbox.url}/api/uploads/video`,
    content: new Blob([bytes]),
    protocol: googleUpload,
    partBytes: 256 * 1024,
    pauseMs: 0,
  });
  expect(await response.json()).toMatchObject({
    size: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  });
  // Five parts, and the question after the lost answer.
  expect(calls).toEqual([308, 308, 308, 308, 308, 201]);
  expect(tokens.size).toBe(6);
  expect(stage.sandbox.control.counts()).toMatchObject({ apiUnauthorized: 0, reuseDetected: 0 });
}, 60_000);

test("a listing over six expiries misses nothing, although an answer is lost", async () => {
  const { stage, tokens, send } = await start();
  const names = new Set<string>();
  const listing = pages<{ files: { name: string }[] }>(`${stage.sandbox.url}/api/files?page_size=20`, {
    fetch: async (url, init) => send(url, init).catch(() => send(url, init)),
    next: pageToken({ field: "next_page_token", parameter: "page_token" }),
  });
  for await (const { files } of listing) {
    for (const { name } of files) names.add(name);
  }
  expect([names.size, tokens.size]).toEqual([95, 6]);
  expect(stage.sandbox.control.counts()).toMatchObject({ apiUnauthorized: 0 });
}, 60_000);
