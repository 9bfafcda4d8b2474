import { createServer } from "node:http";
import { inspect } from "node:util";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { createEvergrant, TemporarilyUnavailableError } from "../src/index.ts";
import { startApi } from "./api.ts";
import { API_KEY, startEvergrantService } from "./evergrant-service.ts";
import { caughtEvergrantError } from "./caught.ts";
import { TOKEN } from "./token-answer.ts";

const JSON_TYPE = { "content-type": "application/json" };
const PROBLEM_TYPE = { "content-type": "application/problem+json" };

describe("an answer that is not of the contract", () => {
  it.each([
    ["no JSON", 200, JSON_TYPE, "<html>hello</html>"],
    ["no content", 200, JSON_TYPE, ""],
    ["no object", 200, JSON_TYPE, "[]"],
    ["null", 200, JSON_TYPE, "null"],
    ["a page of a proxy", 502, { "content-type": "text/html" }, "<html>Bad gateway</html>"],
    ["JSON that is no problem", 500, JSON_TYPE, '{"code":"reauthorization_required"}'],
    ["a problem without code", 500, PROBLEM_TYPE, '{"title":"Oops"}'],
    ["a problem that is no object", 500, PROBLEM_TYPE, '"reauthorization_required"'],
    ["a problem that is null", 500, PROBLEM_TYPE, "null"],
    ["a token with another status", 201, JSON_TYPE, JSON.stringify(TOKEN)],
    ["a redirect", 302, { location: "/elsewhere" }, ""],
    ["no content at all", 204, {}, ""],
  ])("%s", async (_, status, headers, content) => {
    const service = await startEvergrantService();
    service.instead = (response) => void response.writeHead(status, headers).end(content);
    const error = await caughtEvergrantError(service.connect().accessToken());
    expect(error).toBeInstanceOf(TemporarilyUnavailableError);
    expect(error).toMatchObject({ code: "unexpected_response", status, connectionId: "con_1" });
    expect(service.calls).toHaveLength(1);
  });

  it.each([
    ["access_token", undefined],
    ["access_token", ""],
    ["access_token", "nobody-may-see\r\nx: y"],
    ["token_type", 1],
    ["token_type", "Bearer\n"],
    ["expires_at", "tomorrow, nobody-may-see"],
    ["expires_at", 12],
    ["scope", ["read"]],
    ["connection_id", "con_2"],
    ["generation", "1"],
    ["generation", 1.5],
    ["refresh_state", undefined],
  ])("a token whose %s is %j", async (member, value) => {
    const service = await startEvergrantService();
    service.answer = { [member]: value };
    const error = await caughtEvergrantError(service.connect().accessToken());
    expect(error).toMatchObject({ code: "unexpected_response", status: 200 });
    expect(inspect(error)).not.toContain("nobody-may-see");
  });

  it("may say when to come back", async () => {
    const service = await startEvergrantService();
    service.instead = (response) => void response.writeHead(503, { "retry-after": "30" }).end("down");
    expect(await caughtEvergrantError(service.connect().accessToken())).toMatchObject({ retryAfterSeconds: 30 });
  });
});

describe("no answer", () => {
  it("is service_unreachable when nothing listens", async () => {
    const evergrant = createEvergrant({ url: await freeOrigin(), apiKey: API_KEY });
    const error = await caughtEvergrantError(evergrant.connection("con_1").accessToken());
    expect(error).toBeInstanceOf(TemporarilyUnavailableError);
    expect(error).toMatchObject({ code: "service_unreachable", status: null, connectionId: "con_1" });
    expect(error.message).toContain("ECONNREFUSED");
  });

  it("is service_unreachable when the answer breaks off", async () => {
    const service = await startEvergrantService();
    service.instead = (response) => {
      response.writeHead(200, { "content-length": "100" }).write('{"access_token":"nobody-may-see');
      setImmediate(() => response.destroy());
    };
    const error = await caughtEvergrantError(service.connect().accessToken());
    expect(error).toMatchObject({ code: "service_unreachable" });
    expect(inspect(error, { showHidden: true, depth: null })).not.toContain("nobody-may-see");
  });

  it("does not tell what a failing fetch says", async () => {
    const service = await startEvergrantService();
    const connection = service.connect({
      fetch: () => Promise.reject(new RangeError(API_KEY, { cause: { headers: API_KEY } })),
    });
    const error = await caughtEvergrantError(connection.accessToken());
    expect(error.message).toContain("RangeError");
    expect(inspect(error, { showHidden: true, depth: null })).not.toContain(API_KEY);
  });

  it("is service_timeout when the service is silent", async () => {
    const service = await startEvergrantService();
    service.instead = () => {};
    const error = await caughtEvergrantError(service.connect({ timeoutMs: 20 }).accessToken());
    expect(error).toBeInstanceOf(TemporarilyUnavailableError);
    expect(error).toMatchObject({ code: "service_timeout", status: null, connectionId: "con_1" });
  });

  it("is service_timeout when the answer does not end", async () => {
    const service = await startEvergrantService();
    service.instead = (response) => void response.writeHead(200).write("{");
    const error = await caughtEvergrantError(service.connect({ timeoutMs: 200 }).accessToken());
    expect(error).toMatchObject({ code: "service_timeout" });
  });
});

/** An origin where nothing listens any more. */
async function freeOrigin(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return `http://127.0.0.1:${address.port}`;
}

describe("while the service is away", () => {
  it("fetch goes on with a token that still lives", async () => {
    const { service, api, connection } = await started("30");
    service.instead = (response) => void response.writeHead(503, PROBLEM_TYPE).end('{"code":"shutting_down"}');
    const response = await connection.fetch(api.url);
    expect(await response.text()).toBe("hello 1");
    expect(service.calls).toHaveLength(2);
  });

  it("fetch does not send a token that has ended", async () => {
    const { service, api, connection } = await started("61");
    service.instead = (response) => void response.writeHead(503, PROBLEM_TYPE).end('{"code":"shutting_down"}');
    const error = await caughtEvergrantError(connection.fetch(api.url));
    expect(error).toMatchObject({ code: "shutting_down", status: 503 });
    expect(api.calls).toHaveLength(1);
  });

  it("fetch does not go on when a person must act", async () => {
    const { service, api, connection } = await started("30");
    service.instead = (response) =>
      void response.writeHead(409, PROBLEM_TYPE).end('{"code":"reauthorization_required"}');
    const error = await caughtEvergrantError(connection.fetch(api.url));
    expect(error).toMatchObject({ code: "reauthorization_required" });
  });
});

/** A connection that has fetched once with a token of 60 s, `later` seconds ago. */
async function started(later: string) {
  vi.useFakeTimers({ toFake: ["Date"] });
  onTestFinished(() => void vi.useRealTimers());
  const [service, api] = await Promise.all([startEvergrantService(), startApi()]);
  const connection = service.connect();
  service.answer = { expires_at: new Date(Date.now() + 60_000).toISOString() };
  await connection.fetch(api.url);
  vi.setSystemTime(Date.now() + Number(later) * 1000);
  return { service, api, connection };
}
