import { describe, expect, it } from "vitest";
import { ApiRejectsFreshTokenError } from "../src/index.ts";
import { caughtEvergrantError } from "./caught.ts";
import { inSeconds, sendProblem, startEvergrantService, tokenOf } from "./evergrant-service.ts";

describe("connection.rejected", () => {
  it("reports and resolves to the newer token", async () => {
    const service = await startEvergrantService();
    const token = await service.connect().rejected({ generation: 1, status: 403, wwwAuthenticate: "Bearer" });
    expect(token.accessToken).toBe(tokenOf(2));
    expect(service.calls).toEqual(["POST /v1/connections/con_1/access-token/rejected"]);
    expect(service.reports).toEqual([{ generation: 1, status: 403, www_authenticate: "Bearer" }]);
  });

  it("leaves www_authenticate out when the API did not say why", async () => {
    const service = await startEvergrantService();
    await service.connect().rejected({ generation: 1, status: 401 });
    expect(service.reports).toEqual([{ generation: 1, status: 401 }]);
  });

  it("reports as much of a challenge as the service takes", async () => {
    const service = await startEvergrantService();
    await service.connect().rejected({ generation: 1, status: 401, wwwAuthenticate: "x".repeat(5000) });
    expect(service.reports).toEqual([{ generation: 1, status: 401, www_authenticate: "x".repeat(4096) }]);
  });

  it("sends one report for those who come at the same time", async () => {
    const service = await startEvergrantService();
    const connection = service.connect();
    const report = () => connection.rejected({ generation: 1, status: 401 });
    const tokens = await Promise.all([report(), report(), report()]);
    expect(tokens.map((token) => token.generation)).toEqual([2, 2, 2]);
    expect(service.calls).toHaveLength(1);
  });

  it("is no answer to those who ask for a token meanwhile", async () => {
    const service = await startEvergrantService();
    const connection = service.connect();
    service.generation = 60;
    await Promise.all([connection.accessToken({ minTtl: 60 }), connection.rejected({ generation: 60, status: 401 })]);
    expect(service.calls).toHaveLength(2);
  });

  it("sends no report when a newer token is here", async () => {
    const service = await startEvergrantService();
    const connection = service.connect();
    service.generation = 7;
    await connection.accessToken();
    const token = await connection.rejected({ generation: 6, status: 401 });
    expect(token.generation).toBe(7);
    expect(service.calls).toHaveLength(1);
  });

  it("asks, and does not report, when the newer token is about to end", async () => {
    const service = await startEvergrantService();
    const connection = service.connect();
    service.generation = 7;
    service.answer = { expires_at: inSeconds(-1) };
    await connection.accessToken();
    service.generation = 8;
    const token = await connection.rejected({ generation: 6, status: 401 });
    expect(token.generation).toBe(8);
    expect(service.reports).toEqual([]);
  });

  it("reports again when the newer token is refused too", async () => {
    const service = await startEvergrantService();
    const connection = service.connect();
    const { generation } = await connection.rejected({ generation: 1, status: 401 });
    service.instead = (response) => sendProblem(response, 409, { code: "api_rejects_fresh_token" });
    const error = await caughtEvergrantError(connection.rejected({ generation, status: 401 }));
    expect(error).toBeInstanceOf(ApiRejectsFreshTokenError);
    expect(service.reports).toHaveLength(2);
  });
});
