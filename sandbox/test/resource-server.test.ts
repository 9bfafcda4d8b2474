import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { FilePage } from "../src/files.ts";
import { createUploads } from "../src/uploads.ts";
import { startConnectedClient } from "./connected-client.ts";

async function start() {
  const client = await startConnectedClient();
  const { accessToken } = await client.connect();
  return { client, accessToken, get: (path: string) => client.api(path, accessToken) };
}

async function startUpload() {
  const { client, accessToken, get } = await start();
  const put = (range: string, bytes: Uint8Array<ArrayBuffer>, token = accessToken) =>
    client.api("/api/uploads/one", token, {
      method: "PUT",
      headers: { "content-range": `bytes ${range}` },
      body: bytes,
    });
  return { client, get, put };
}

async function readPage(response: Response): Promise<FilePage> {
  return JSON.parse(await response.text());
}

async function* slowly(...chunks: string[]): AsyncIterable<Buffer> {
  for (const chunk of chunks) {
    yield Buffer.from(chunk);
    await setTimeout(5);
  }
}

const beyondTheEnd = `page_token=${Buffer.from("page:95").toString("base64url")}`;

describe("files", () => {
  test("come in pages, all of them and always the same", async () => {
    const { get } = await start();
    const ids: string[] = [];
    let query = "?page_size=40";
    const sizes: number[] = [];
    for (;;) {
      const page = await readPage(await get(`/api/files${query}`));
      sizes.push(page.files.length);
      ids.push(...page.files.map(({ id }) => id));
      if (page.next_page_token === undefined) break;
      query = `?page_size=40&page_token=${page.next_page_token}`;
    }
    expect(sizes).toEqual([40, 40, 15]);
    expect(new Set(ids).size).toBe(95);
    const again = await readPage(await get("/api/files"));
    expect(again.files.map(({ id }) => id)).toEqual(ids.slice(0, 20));
    expect(again.files[0]).toEqual({
      id: "alice-001",
      name: "Document 001.txt",
      size: 1,
      modified_at: "2026-01-01T00:00:00.000Z",
    });
  });

  test.each(["page_size=0", "page_size=101", "page_size=x", "page_token=x", "page_token=", beyondTheEnd])(
    "refuses %s",
    async (query) => {
      const { get } = await start();
      const response = await get(`/api/files?${query}`);
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error: "invalid_request" });
    },
  );
});

describe("access tokens", () => {
  test.each([
    ["none", undefined, 'Bearer realm="sandbox"'],
    ["another scheme", "Basic abc", 'Bearer realm="sandbox"'],
    ["an unknown one", "Bearer abc", 'Bearer realm="sandbox", error="invalid_token"'],
  ])("%s: 401", async (_name, authorization, challenge) => {
    const { client } = await start();
    const response = await fetch(`${client.sandbox.url}/api/files`, {
      headers: { ...(authorization && { authorization }) },
    });
    expect([response.status, response.headers.get("www-authenticate")]).toEqual([401, challenge]);
  });

  test("a refresh token is no access token", async () => {
    const { client } = await start();
    const { refreshToken } = await client.connect();
    expect((await client.api("/api/files", refreshToken)).status).toBe(401);
  });

  test.each([
    ["files.write", "/api/files", "files.read"],
    ["files.read", "/api/uploads/one", "files.write"],
  ])("with %s only cannot use %s", async (scope, path, missing) => {
    const { client } = await start();
    const { accessToken } = await client.connect({ scope });
    const response = await client.api(path, accessToken);
    expect(response.status).toBe(403);
    expect(response.headers.get("www-authenticate")).toContain(`error="insufficient_scope", scope="${missing}"`);
    expect(await response.json()).toMatchObject({ error: "insufficient_scope" });
  });

  test("an unknown path is 404, a wrong method 405", async () => {
    const { client, accessToken, get } = await start();
    expect((await get("/api/nothing")).status).toBe(404);
    expect((await client.api("/api/uploads/x", accessToken, { method: "DELETE" })).status).toBe(405);
  });
});

describe("uploads", () => {
  test("come in ranges and end with the hash of the whole", async () => {
    const { get, put } = await startUpload();
    const bytes = new Uint8Array(randomBytes(3_000_000));
    const first = await put("0-1999999/3000000", bytes.subarray(0, 2_000_000));
    expect([first.status, first.headers.get("range")]).toEqual([308, "bytes=0-1999999"]);
    expect(await (await get("/api/uploads/one")).json()).toEqual({
      received: 2_000_000,
      total: 3_000_000,
      complete: false,
    });
    const last = await put("2000000-2999999/3000000", bytes.subarray(2_000_000));
    expect(last.status).toBe(201);
    expect(await last.json()).toEqual({
      id: "one",
      size: 3_000_000,
      sha256: createHash("sha256").update(bytes).digest("hex"),
    });
    expect(await (await get("/api/uploads/one")).json()).toMatchObject({ complete: true });
  });

  test("say how far they are to whoever asks with an unknown range", async () => {
    const { put } = await startUpload();
    const ask = () => put("*/20", new Uint8Array(0));
    const before = await ask();
    expect([before.status, before.headers.get("range")]).toEqual([308, null]);
    await put("0-9/20", new Uint8Array(10));
    const half = await ask();
    expect([half.status, half.headers.get("range")]).toEqual([308, "bytes=0-9"]);
    await put("10-19/20", new Uint8Array(10));
    const whole = await ask();
    expect([whole.status, await whole.json()]).toMatchObject([201, { id: "one", size: 20 }]);
  });

  test("refuse a range that does not continue where they stand", async () => {
    const { put } = await startUpload();
    const early = await put("10-19/30", new Uint8Array(10));
    expect([early.status, early.headers.get("range")]).toEqual([416, null]);
    expect((await put("0-9/30", new Uint8Array(10))).status).toBe(308);
    for (const range of ["0-9/30", "20-29/30", "10-19/31"]) {
      const wrong = await put(range, new Uint8Array(10));
      expect([wrong.status, wrong.headers.get("range")]).toEqual([416, "bytes=0-9"]);
    }
    expect((await put("10-29/30", new Uint8Array(20))).status).toBe(201);
    const late = await put("0-9/30", new Uint8Array(10));
    expect([late.status, late.headers.get("range")]).toEqual([416, "bytes=0-29"]);
  });

  test("take a range whole or not at all", async () => {
    const { put } = await startUpload();
    expect((await put("0-9/20", new Uint8Array(5))).status).toBe(400);
    expect((await put("0-9/20", new Uint8Array(11))).status).toBe(400);
    const bytes = new Uint8Array(20).fill(7);
    expect((await put("0-9/20", bytes.subarray(0, 10))).status).toBe(308);
    expect((await put("10-19/20", new Uint8Array(5))).status).toBe(400);
    const done = await put("10-19/20", bytes.subarray(10));
    expect(await done.json()).toMatchObject({ sha256: createHash("sha256").update(bytes).digest("hex") });
  });

  test("of two simultaneous ranges take one", async () => {
    const uploads = createUploads();
    const range = { first: 0, last: 1, total: 4 };
    const offers = [
      uploads.offer("alice", "one", range, slowly("a", "b")),
      uploads.offer("alice", "one", range, slowly("a", "b")),
    ];
    expect((await Promise.all(offers)).map(({ kind }) => kind)).toEqual(["taken", "does_not_continue"]);
  });

  test("are remembered up to a thousand", async () => {
    const uploads = createUploads();
    for (let id = 0; id <= 1000; id += 1) {
      await uploads.offer("alice", String(id), { first: 0, last: 0, total: 2 }, Readable.from([Buffer.from("a")]));
    }
    expect([uploads.find("alice", "0"), uploads.find("alice", "1")]).toEqual([null, expect.anything()]);
  });

  test("belong to their user", async () => {
    const { client, put } = await startUpload();
    await put("0-9/30", new Uint8Array(10));
    const bob = await client.connect({}, { user: "bob" });
    expect((await client.api("/api/uploads/one", bob.accessToken)).status).toBe(404);
    expect((await put("0-9/10", new Uint8Array(10), bob.accessToken)).status).toBe(201);
  });

  test.each(["", "0-9", "bytes 0-9/*", "bytes 9-0/20", "bytes 0-20/20"])(
    "refuse the Content-Range %j",
    async (range) => {
      const { client, accessToken } = await start();
      const response = await client.api("/api/uploads/one", accessToken, {
        method: "PUT",
        headers: { "content-range": range },
        body: "x",
      });
      expect(response.status).toBe(400);
    },
  );

  test("refuse a range over 8 MB", async () => {
    const { put } = await startUpload();
    const response = await put("0-8388608/9000000", new Uint8Array(1));
    expect(response.status).toBe(413);
  });
});
