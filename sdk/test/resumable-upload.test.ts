import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { googleUpload, graphUpload, ReauthorizationRequiredError, resumableUpload, tusUpload } from "../src/index.ts";
import type { ResumableUploadOptions } from "../src/index.ts";
import { caught } from "./caught.ts";
import { sendProblem, startEvergrantService } from "./evergrant-service.ts";
import { google, graph, startUploadServer, tus, type UploadServer } from "./upload-server.ts";

const CONTENT = randomBytes(1000);

const PROTOCOLS = {
  Google: { protocol: googleUpload, serve: google },
  Graph: { protocol: graphUpload, serve: graph },
  tus: { protocol: tusUpload, serve: tus },
};

const NAMES = ["Google", "Graph", "tus"] as const;

async function start(name: keyof typeof PROTOCOLS = "Google") {
  const { protocol, serve } = PROTOCOLS[name];
  const server = await startUploadServer(serve, CONTENT.length);
  const options = { fetch, protocol, content: new Blob([CONTENT]), partBytes: 300, pauseMs: 0 };
  const upload = (more: Partial<ResumableUploadOptions> = {}) =>
    resumableUpload({ ...options, session: server.url, ...more });
  return { server, upload };
}

function expectWhole(server: UploadServer): void {
  expect(server.bytes.equals(CONTENT)).toBe(true);
}

describe.each(NAMES)("an upload as %s takes it", (name) => {
  it("goes up in parts", async () => {
    const { server, upload } = await start(name);
    const progress: number[] = [];
    const response = await upload({ onProgress: (bytes) => void progress.push(bytes) });
    expect(response.ok).toBe(true);
    expectWhole(server);
    expect(progress).toEqual([300, 600, 900, 1000]);
    expect(server.calls).toHaveLength(4);
    expect(await response.text()).toBe(name === "tus" ? "" : '{"id":"file"}');
  });

  it.each([401, 429, 500, 503, "cut"] as const)("goes on where the server is after %s", async (fault) => {
    const { server, upload } = await start(name);
    server.faults.push(undefined, fault);
    await upload();
    expectWhole(server);
    // One part, the failed one, a question, and the parts that the server lacks; none that it has.
    expect(server.calls).toHaveLength(fault === "cut" ? 5 : 6);
  });

  it("goes on where an upload stopped that somebody gave up", async () => {
    const { server, upload } = await start(name);
    const giveUp = new AbortController();
    const reason = new Error("enough");
    const first = upload({ signal: giveUp.signal, onProgress: () => giveUp.abort(reason) });
    expect(await caught(first)).toBe(reason);
    expect(server.bytes).toHaveLength(300);
    await upload({ resume: true });
    expectWhole(server);
    expect(server.calls).toHaveLength(5);
    const again = await upload({ resume: true });
    expect(again.ok).toBe(true);
    expect(server.calls).toHaveLength(6);
  });
});

it("an upload gives up after so many failures without progress, and says how far it is", async () => {
  const { server, upload } = await start();
  server.faults.push(undefined, 503, 503, 503);
  const error = await caught(upload({ attempts: 3 }));
  expect(error).toMatchObject({ name: "UploadStoppedError", bytes: 300, status: 503 });
  expect(server.calls).toHaveLength(4);
  expect(await caught(upload({ session: "http://127.0.0.1:1/", attempts: 2 }))).toMatchObject({ status: null });
});

it("an upload does not count failures between which it got on, unless the server loses what it had", async () => {
  const { server, upload } = await start();
  for (let part = 0; part < 4; part++) server.faults.push(503, undefined, undefined);
  await upload({ attempts: 2 });
  expectWhole(server);
  server.bytes = Buffer.alloc(0);
  server.faults.splice(0);
  const forgetful = upload({ attempts: 3, onProgress: () => void (server.bytes = Buffer.alloc(0)) });
  expect(await caught(forgetful)).toMatchObject({ name: "UploadStoppedError", status: 308 });
});

it.each([400, 403, 404, 410])("an upload stops at once when the session answers %i", async (status) => {
  const { server, upload } = await start();
  server.faults.push(status);
  expect(await caught(upload())).toMatchObject({ name: "UploadStoppedError", bytes: 0, status });
  expect(server.calls).toHaveLength(1);
});

it("an upload that waits before another attempt stops with its caller", async () => {
  const { server, upload } = await start();
  const giveUp = new AbortController();
  const reason = new Error("enough");
  server.faults.push(503);
  const waiting = upload({ signal: giveUp.signal, pauseMs: 3_600_000 });
  await expect.poll(() => server.calls).toHaveLength(1);
  giveUp.abort(reason);
  expect(await caught(waiting)).toBe(reason);
  expect(server.calls).toHaveLength(1);
});

it("an upload of nothing only asks", async () => {
  const server = await startUploadServer(google, 0);
  const content = new Blob([]);
  const response = await resumableUpload({ fetch, session: server.url, protocol: googleUpload, content });
  expect(response.status).toBe(200);
  expect(server.calls).toEqual(["PUT bytes */0"]);
});

it("an upload stops with the error of the connection when a person must act", async () => {
  const { server, upload } = await start();
  const service = await startEvergrantService();
  service.instead = (response) =>
    sendProblem(response, 409, { code: "reauthorization_required", reauthorization_url: "https://example.test/" });
  const error = await caught(upload({ fetch: service.connect().fetch }));
  expect(error).toBeInstanceOf(ReauthorizationRequiredError);
  expect(server.calls).toEqual([]);
});

it("an upload outlasts a service that is away for a moment", async () => {
  const { server, upload } = await start();
  const service = await startEvergrantService();
  service.instead = (response) => {
    service.instead = undefined;
    sendProblem(response, 503, { code: "provider_unavailable" });
  };
  expect((await upload({ fetch: service.connect().fetch })).status).toBe(200);
  expectWhole(server);
});
