import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { createEvergrant } from "../src/index.ts";
import { API_KEY, startEvergrantService, tokenOf } from "./evergrant-service.ts";
import { caughtEvergrantError } from "./caught.ts";
import { TOKEN } from "./token-answer.ts";

describe("connection.accessToken", () => {
  it("resolves to the token of the service", async () => {
    const service = await startEvergrantService();
    service.answer = { expires_at: "2031-05-06T07:08:09Z", token_type: "bearer", refresh_state: "new state" };
    const token = await service.connect().accessToken();
    expect(token.accessToken).toBe(tokenOf(1));
    expect(token).toMatchObject({
      tokenType: "bearer",
      expiresAt: new Date("2031-05-06T07:08:09Z"),
      scope: ["read", "write"],
      connectionId: "con_1",
      generation: 1,
      refreshState: "new state",
    });
    expect(service.calls).toEqual(["GET /v1/connections/con_1/access-token?min_ttl=60"]);
  });

  it("passes minTtl on", async () => {
    const service = await startEvergrantService();
    await service.connect().accessToken({ minTtl: 600 });
    expect(service.calls).toEqual(["GET /v1/connections/con_1/access-token?min_ttl=600"]);
  });

  it("knows neither end nor scope when the provider did not say", async () => {
    const service = await startEvergrantService();
    service.answer = { expires_at: null, scope: null };
    expect(await service.connect().accessToken()).toMatchObject({ expiresAt: null, scope: null });
  });

  it("says what was not granted of what is needed", async () => {
    const service = await startEvergrantService();
    expect((await service.connect().accessToken()).missingScopes).toEqual([]);
    service.answer = { missing_scopes: ["files.write"] };
    expect((await service.connect().accessToken()).missingScopes).toEqual(["files.write"]);
  });

  it.each([
    ["", []],
    [" read  write ", ["read", "write"]],
  ])("reads the scope %j", async (scope, names) => {
    const service = await startEvergrantService();
    service.answer = { scope };
    expect((await service.connect().accessToken()).scope).toEqual(names);
  });

  it("takes a key whose text is also in the answer", async () => {
    const service = await startEvergrantService();
    service.instead = (response) => {
      service.instead = undefined;
      response.writeHead(200).end(JSON.stringify({ ...TOKEN, access_token: "a token" }));
    };
    expect((await service.connect({ apiKey: "token" }).accessToken()).accessToken).toBe("a token");
  });

  it("asks the service every time, so that the answer is never an old one", async () => {
    const service = await startEvergrantService();
    const connection = service.connect();
    await connection.accessToken();
    service.generation = 2;
    expect((await connection.accessToken()).generation).toBe(2);
  });

  it("keeps a path prefix of the service and encodes the id", async () => {
    const service = await startEvergrantService();
    const evergrant = createEvergrant({ url: `${service.url}/tokens/`, apiKey: API_KEY });
    service.answer = { connection_id: "con/../1" };
    await evergrant.connection("con/../1").accessToken();
    expect(service.calls).toEqual(["GET /tokens/v1/connections/con%2F..%2F1/access-token?min_ttl=60"]);
  });
});

describe("single flight", () => {
  it("shares one call between those who ask at the same time", async () => {
    const service = await startEvergrantService();
    const evergrant = createEvergrant({ url: service.url, apiKey: API_KEY });
    const ask = () => evergrant.connection("con_1").accessToken();
    const tokens = await Promise.all([ask(), ask(), ask()]);
    expect(service.calls).toHaveLength(1);
    expect(new Set(tokens).size).toBe(1);
  });

  it("does not share between different minTtl", async () => {
    const service = await startEvergrantService();
    const connection = service.connect();
    await Promise.all([connection.accessToken(), connection.accessToken({ minTtl: 600 })]);
    expect(service.calls).toHaveLength(2);
  });

  it("shares a failure too, and starts anew after it", async () => {
    const service = await startEvergrantService();
    const connection = service.connect();
    service.instead = (response) => void response.writeHead(500).end();
    await Promise.all([caughtEvergrantError(connection.accessToken()), caughtEvergrantError(connection.accessToken())]);
    expect(service.calls).toHaveLength(1);
    service.instead = undefined;
    await connection.accessToken();
    expect(service.calls).toHaveLength(2);
  });
});

describe("secrets", () => {
  it("are not in what inspection and JSON show", async () => {
    const service = await startEvergrantService();
    const evergrant = createEvergrant({ url: service.url, apiKey: API_KEY });
    const connection = evergrant.connection("con_1");
    const token = await connection.accessToken();
    for (const value of [evergrant, connection, token, { deep: [token] }, { ...token }]) {
      const shown = [
        inspect(value, { depth: null, showHidden: true }),
        inspect(value, { depth: null, showHidden: true, customInspect: false }),
        JSON.stringify(value),
      ].join();
      expect(shown).not.toContain("nobody-may-see");
    }
  });

  it("leave a mark where the token is", async () => {
    const service = await startEvergrantService();
    const token = await service.connect().accessToken();
    expect(inspect(token)).toContain("accessToken: '[secret]'");
    expect(JSON.parse(JSON.stringify(token))).toMatchObject({ accessToken: "[secret]", generation: 1 });
  });
});
