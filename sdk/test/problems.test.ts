import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import {
  ApiRejectsFreshTokenError,
  EvergrantError,
  ReauthorizationRequiredError,
  TemporarilyUnavailableError,
} from "../src/index.ts";
import { API_KEY, sendProblem, startEvergrantService } from "./evergrant-service.ts";
import { caughtEvergrantError } from "./caught.ts";

describe("problems of the service", () => {
  it.each([
    [409, "reauthorization_required", ReauthorizationRequiredError],
    [409, "api_rejects_fresh_token", ApiRejectsFreshTokenError],
    [503, "client_suspended", TemporarilyUnavailableError],
    [503, "provider_unavailable", TemporarilyUnavailableError],
    [503, "refresh_timeout", TemporarilyUnavailableError],
    [429, "rate_limited", TemporarilyUnavailableError],
    [409, "connection_disconnected", EvergrantError],
    [401, "unauthorized", EvergrantError],
    [403, "forbidden", EvergrantError],
    [404, "not_found", EvergrantError],
  ])("%i %s", async (status, code, type) => {
    const service = await startEvergrantService();
    service.instead = (response) => sendProblem(response, status, { code });
    const connection = service.connect();
    const errors = await Promise.all([
      caughtEvergrantError(connection.accessToken()),
      caughtEvergrantError(connection.rejected({ generation: 1, status: 401 })),
    ]);
    for (const error of errors) {
      expect(error.constructor).toBe(type);
      expect(error.name).toBe(type.name);
      expect(error).toMatchObject({ code, status, connectionId: "con_1" });
      expect(error.message).toMatch(/^[A-Z].* .*\.$/);
      expect(error.message).not.toBe("A problem");
    }
  });

  it("carries a code it does not know", async () => {
    const service = await startEvergrantService();
    service.instead = (response) => sendProblem(response, 418, { code: "short_and_stout" });
    const error = await caughtEvergrantError(service.connect().accessToken());
    expect(error).toMatchObject({ code: "short_and_stout", status: 418, message: "A problem" });
    expect(error.constructor).toBe(EvergrantError);
  });

  it("reads a media type with parameters and capitals", async () => {
    const service = await startEvergrantService();
    service.instead = (response) =>
      void response
        .writeHead(403, { "content-type": "Application/Problem+JSON; charset=utf-8" })
        .end('{"code":"forbidden"}');
    expect(await caughtEvergrantError(service.connect().accessToken())).toMatchObject({ code: "forbidden" });
  });

  it("carries every member", async () => {
    const service = await startEvergrantService();
    service.instead = (response) =>
      sendProblem(response, 409, {
        code: "reauthorization_required",
        detail: "The refresh token was revoked.",
        cause: "refresh_token_revoked",
        who_acts: "user",
        reauthorization_url: "https://example.test/again",
        retry_after: 7,
        docs: "https://example.test/docs",
      });
    expect(await caughtEvergrantError(service.connect().accessToken())).toMatchObject({
      message: "The refresh token was revoked.",
      reason: "refresh_token_revoked",
      whoActs: "user",
      reauthorizationUrl: "https://example.test/again",
      retryAfterSeconds: 7,
      docs: "https://example.test/docs",
    });
  });

  it("has null for what was not said", async () => {
    const service = await startEvergrantService();
    service.instead = (response) => sendProblem(response, 409, { code: "reauthorization_required" });
    expect(await caughtEvergrantError(service.connect().accessToken())).toMatchObject({
      reason: null,
      whoActs: null,
      reauthorizationUrl: null,
      retryAfterSeconds: null,
      docs: null,
    });
  });

  it("does not repeat the API key that an answer echoes", async () => {
    const service = await startEvergrantService();
    service.instead = (response) =>
      sendProblem(response, 401, { code: "unauthorized", detail: `Unknown key ${API_KEY}.`, cause: API_KEY });
    const error = await caughtEvergrantError(service.connect().accessToken());
    expect(error.message).toBe("Unknown key [secret].");
    expect(inspect(error)).not.toContain(API_KEY);
  });
});

describe("Retry-After", () => {
  it.each([
    ["120", 120],
    [new Date(Date.now() - 60_000).toUTCString(), 0],
    ["soon", null],
  ])("%s", async (field, seconds) => {
    const service = await startEvergrantService();
    service.instead = (response) => {
      response.setHeader("retry-after", field);
      sendProblem(response, 503, { code: "provider_unavailable" });
    };
    const error = await caughtEvergrantError(service.connect().accessToken());
    expect(error.retryAfterSeconds).toBe(seconds);
  });

  it("takes a date to come", async () => {
    const service = await startEvergrantService();
    service.instead = (response) => {
      response.setHeader("retry-after", new Date(Date.now() + 600_000).toUTCString());
      sendProblem(response, 503, { code: "provider_unavailable" });
    };
    const { retryAfterSeconds } = await caughtEvergrantError(service.connect().accessToken());
    expect(retryAfterSeconds).toBeGreaterThan(500);
    expect(retryAfterSeconds).toBeLessThanOrEqual(600);
  });
});
