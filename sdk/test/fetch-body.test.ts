import { Readable } from "node:stream";
import { describe, expect, it } from "vitest";
import { ReplayImpossibleError } from "../src/index.ts";
import type { EvergrantBody, EvergrantRequestInit } from "../src/index.ts";
import { startApi } from "./api.ts";
import { caught, caughtEvergrantError } from "./caught.ts";
import { startEvergrantService } from "./evergrant-service.ts";

const BYTES = new TextEncoder().encode("hello");

async function start(takesFrom: number) {
  const [service, api] = await Promise.all([startEvergrantService(), startApi()]);
  api.takesFrom = takesFrom;
  return { service, api, connection: service.connect() };
}

function form(): FormData {
  const data = new FormData();
  data.set("name", "hello");
  return data;
}

async function* chunks(): AsyncGenerator<Uint8Array> {
  yield BYTES;
}

describe("a body that can be sent again", () => {
  it.each<[string, EvergrantRequestInit["body"], string]>([
    ["a string", "hello", "text/plain;charset=UTF-8"],
    ["URLSearchParams", new URLSearchParams({ hello: "1" }), "application/x-www-form-urlencoded;charset=UTF-8"],
    ["FormData", form(), "multipart/form-data"],
    ["a Blob", new Blob(["hello"], { type: "text/x" }), "text/x"],
    ["an ArrayBuffer", BYTES.slice().buffer, ""],
    ["a typed array", BYTES, ""],
    ["a function", () => "hello", "text/plain;charset=UTF-8"],
    ["a function that waits", () => Promise.resolve(form()), "multipart/form-data"],
    ["a function that makes a stream", () => new Blob(["hello"]).stream(), ""],
    ["a function that makes an iterable", chunks, ""],
  ])("%s", async (_, body, type) => {
    const { api, connection } = await start(2);
    expect((await connection.fetch(api.url, { method: "POST", body })).status).toBe(200);
    expect(api.calls).toHaveLength(2);
    for (const call of api.calls) {
      expect(call.body).toContain("hello");
      expect(call.headers["content-type"] ?? "").toContain(type);
    }
  });

  it.each<[string, EvergrantRequestInit["body"]]>([
    ["undefined", undefined],
    ["null", null],
    ["a function that makes none", () => null],
  ])("%s", async (_, body) => {
    const { api, connection } = await start(2);
    const init = body === undefined ? { method: "POST" } : { method: "POST", body };
    expect((await connection.fetch(api.url, init)).status).toBe(200);
    expect(api.calls.map((call) => call.body)).toEqual(["", ""]);
  });

  it("a function is called anew for every try", async () => {
    const { api, connection } = await start(2);
    let tries = 0;
    await connection.fetch(api.url, { method: "POST", body: () => `try ${++tries}` });
    expect(api.calls.map((call) => call.body)).toEqual(["try 1", "try 2"]);
  });

  it("a function may fail", async () => {
    const { api, connection } = await start(1);
    const failure = new Error("no file");
    const body = () => {
      throw failure;
    };
    expect(await caught(connection.fetch(api.url, { method: "POST", body }))).toBe(failure);
    expect(api.calls).toEqual([]);
  });

  it("a Request with a body in init in place of its own", async () => {
    const { api, connection } = await start(2);
    const request = new Request(api.url, { method: "POST", body: "own" });
    expect((await connection.fetch(request, { body: () => "hello" })).status).toBe(200);
    expect(api.calls.map((call) => call.body)).toEqual(["hello", "hello"]);
  });

  it("a Request without body", async () => {
    const { api, connection } = await start(2);
    expect((await connection.fetch(new Request(api.url, { method: "POST" }))).status).toBe(200);
    expect(api.calls).toHaveLength(2);
  });
});

describe("a body that can be read only once", () => {
  const makers: [string, (url: string) => [string | Request, { body?: EvergrantBody }]][] = [
    ["a ReadableStream", (url) => [url, { body: new Blob([BYTES]).stream() }]],
    ["an async iterable", (url) => [url, { body: chunks() }]],
    ["a stream of Node", (url) => [url, { body: Readable.from([BYTES]) }]],
    ["that of a Request", (url) => [new Request(url, { method: "POST", body: "hello" }), {}]],
    ["that of a Request, beside null", (url) => [new Request(url, { method: "POST", body: "hello" }), { body: null }]],
  ];

  it.each(makers)("%s is sent", async (_, make) => {
    const { api, connection } = await start(1);
    const [input, init] = make(api.url);
    expect((await connection.fetch(input, { method: "POST", ...init })).status).toBe(200);
    expect(api.calls.map((call) => call.body)).toEqual(["hello"]);
  });

  it.each(makers)("%s is not sent again, though its token is renewed", async (_, make) => {
    const { service, api, connection } = await start(2);
    const [input, init] = make(api.url);
    const error = await caughtEvergrantError(connection.fetch(input, { method: "POST", ...init }));
    expect(error).toBeInstanceOf(ReplayImpossibleError);
    expect(error).toMatchObject({ code: "body_not_replayable", status: 401, connectionId: "con_1" });
    expect(error.message).toContain("pass a function that makes the body");
    expect(api.calls).toHaveLength(1);

    const [again, againInit] = make(api.url);
    expect((await connection.fetch(again, { method: "POST", ...againInit })).status).toBe(200);
    expect(service.reports).toHaveLength(1);
  });
});
