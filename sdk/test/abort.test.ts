import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import type { Connection } from "../src/index.ts";
import { startApi } from "./api.ts";
import { caught } from "./caught.ts";
import { startEvergrantService, tokenOf } from "./evergrant-service.ts";
import { createGate } from "./gate.ts";
import { TOKEN } from "./token-answer.ts";

const REASON = { why: "the test wants it" };

describe("the signal of a caller", () => {
  it.each<[string, (connection: Connection, signal: AbortSignal) => Promise<unknown>]>([
    ["accessToken", (connection, signal) => connection.accessToken({ signal })],
    ["rejected", (connection, signal) => connection.rejected({ generation: 1, status: 401, signal })],
    ["fetch", (connection, signal) => connection.fetch("http://127.0.0.1/", { signal })],
    ["fetch of a Request", (connection, signal) => connection.fetch(new Request("http://127.0.0.1/", { signal }))],
  ])("ends %s with its reason", async (_, call) => {
    const service = await startEvergrantService();
    const asked = createGate();
    service.instead = () => asked.open();
    const controller = new AbortController();
    const error = caught(call(service.connect(), controller.signal));
    await asked.passed;
    controller.abort(REASON);
    expect(await error).toBe(REASON);
  });

  it("that has aborted before lets no call out", async () => {
    const service = await startEvergrantService();
    const signal = AbortSignal.abort(REASON);
    const connection = service.connect();
    expect(await caught(connection.accessToken({ signal }))).toBe(REASON);
    expect(await caught(connection.rejected({ generation: 1, status: 401, signal }))).toBe(REASON);
    expect(await caught(connection.fetch("http://127.0.0.1/", { signal }))).toBe(REASON);
    expect(service.calls).toEqual([]);
  });

  it("ends only the waiting of this caller", async () => {
    const service = await startEvergrantService();
    const [asked, answer] = [createGate(), createGate()];
    const connection = service.connect();
    service.instead = async (response) => {
      asked.open();
      await answer.passed;
      response.writeHead(200).end(JSON.stringify(TOKEN));
    };
    const controller = new AbortController();
    const aborted = caught(connection.accessToken({ signal: controller.signal }));
    const waiting = connection.accessToken();
    await asked.passed;
    controller.abort(REASON);
    expect(await aborted).toBe(REASON);
    answer.open();
    expect((await waiting).accessToken).toBe(tokenOf(1));
    expect(service.calls).toHaveLength(1);
  });

  it("ends the request to the API", async () => {
    const [service, api] = await Promise.all([startEvergrantService(), startApi()]);
    const asked = createGate();
    api.instead = () => asked.open();
    const controller = new AbortController();
    const error = caught(service.connect().fetch(api.url, { signal: controller.signal }));
    await asked.passed;
    controller.abort(REASON);
    expect(await error).toBe(REASON);
  });

  it("ends the waiting for the newer token", async () => {
    const [service, api] = await Promise.all([startEvergrantService(), startApi()]);
    const connection = service.connect();
    await connection.accessToken();
    const reported = createGate();
    service.instead = () => reported.open();
    api.takesFrom = 2;
    const controller = new AbortController();
    const error = caught(connection.fetch(api.url, { signal: controller.signal }));
    await reported.passed;
    controller.abort(REASON);
    expect(await error).toBe(REASON);
    expect(api.calls).toHaveLength(1);
  });

  it("ends the waiting for a function that makes the body", async () => {
    const [service, api] = await Promise.all([startEvergrantService(), startApi()]);
    const asked = createGate();
    const controller = new AbortController();
    const body = () => {
      asked.open();
      return new Promise<string>(() => {});
    };
    const error = caught(service.connect().fetch(api.url, { method: "POST", body, signal: controller.signal }));
    await asked.passed;
    controller.abort(REASON);
    expect(await error).toBe(REASON);
  });

  it("is left without listeners afterwards", async () => {
    const service = await startEvergrantService();
    const { signal } = new AbortController();
    await service.connect().accessToken({ signal });
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});
