import { describe, expect, it } from "vitest";
import { ReauthorizationRequiredError } from "../src/index.ts";
import { startApi } from "./api.ts";
import { caught, caughtEvergrantError } from "./caught.ts";
import { sendProblem, startEvergrantService, tokenOf } from "./evergrant-service.ts";
import { createGate } from "./gate.ts";

async function startRefusing(takesFrom: number) {
  const [service, api] = await Promise.all([startEvergrantService(), startApi()]);
  api.takesFrom = takesFrom;
  return { service, api, connection: service.connect() };
}

describe("a 401 of the API", () => {
  it("is reported, and the request is sent once more with the newer token", async () => {
    const { service, api, connection } = await startRefusing(2);
    const response = await connection.fetch(api.url);
    expect(await response.text()).toBe("hello 2");
    expect(service.reports).toEqual([{ generation: 1, status: 401, www_authenticate: 'Bearer error="invalid_token"' }]);
    expect(api.calls.map((call) => call.headers.authorization)).toEqual([1, 2].map((n) => `Bearer ${tokenOf(n)}`));
  });

  it("leaves what a tracing fetch kept of the first try as it was", async () => {
    const { service, api } = await startRefusing(2);
    const kept: Headers[] = [];
    const connection = service.connect({
      fetch: (input, init) => {
        if (init?.headers instanceof Headers) kept.push(init.headers);
        return fetch(input, init);
      },
    });
    await connection.fetch(api.url);
    expect(kept.map((headers) => headers.get("authorization"))).toEqual([1, 2].map((n) => `Bearer ${tokenOf(n)}`));
  });

  it("is returned when it is the second", async () => {
    const { service, api, connection } = await startRefusing(9);
    const response = await connection.fetch(api.url);
    expect(response.status).toBe(401);
    expect(await response.text()).toBe("no");
    expect(api.calls).toHaveLength(2);
    expect(service.reports).toHaveLength(1);
  });

  it("leads the next request to the newer token", async () => {
    const { service, api, connection } = await startRefusing(2);
    await connection.fetch(api.url);
    await connection.fetch(api.url);
    expect(api.calls).toHaveLength(3);
    expect(service.calls).toHaveLength(2);
  });

  it("is reported once per generation, however many requests met it", async () => {
    const { service, api, connection } = await startRefusing(2);
    await connection.accessToken();
    const responses = await Promise.all(Array.from({ length: 5 }, () => connection.fetch(api.url)));
    expect(responses.map((response) => response.status)).toEqual([200, 200, 200, 200, 200]);
    expect(service.reports).toHaveLength(1);
    expect(service.calls).toHaveLength(2);
  });

  it("is not reported when a newer token came meanwhile", async () => {
    const { service, api, connection } = await startRefusing(2);
    const [asked, late] = [createGate(), createGate()];
    api.instead = async (response) => {
      api.instead = undefined;
      asked.open();
      await late.passed;
      response.writeHead(401).end();
    };
    const slow = connection.fetch(api.url);
    await asked.passed;
    await connection.fetch(api.url);
    late.open();
    expect((await slow).status).toBe(200);
    expect(service.reports).toHaveLength(1);
  });

  it("throws what the report was answered with", async () => {
    const { service, api, connection } = await startRefusing(2);
    await connection.accessToken();
    service.instead = (response) =>
      sendProblem(response, 409, { code: "reauthorization_required", reauthorization_url: "https://example.test/" });
    const error = await caughtEvergrantError(connection.fetch(api.url));
    expect(error).toBeInstanceOf(ReauthorizationRequiredError);
    expect(error.reauthorizationUrl).toBe("https://example.test/");
    expect(api.calls).toHaveLength(1);
  });

  it("makes nobody send the refused token again, even if the report failed", async () => {
    const { service, api, connection } = await startRefusing(2);
    await connection.accessToken();
    service.instead = (response) => void response.writeHead(500).end();
    await caughtEvergrantError(connection.fetch(api.url));
    service.instead = undefined;
    service.generation = 2;
    expect((await connection.fetch(api.url)).status).toBe(200);
    expect(api.calls).toHaveLength(2);
  });

  it.each([
    ["the newer token comes", undefined],
    ["the report is answered with a problem", 409],
  ])("does not hold its connection when %s", async (_, status) => {
    const { service, api, connection } = await startRefusing(2);
    await connection.accessToken();
    const closed = createGate();
    api.instead = (response) => {
      api.instead = undefined;
      response.on("close", closed.open);
      response.writeHead(401).write("an answer that does not end");
    };
    if (status !== undefined) service.instead = (response) => sendProblem(response, status, { code: "forbidden" });
    const outcome = connection.fetch(api.url).then(
      (response) => response.status,
      () => "failed",
    );
    await closed.passed;
    expect(await outcome).toBe(status === undefined ? 200 : "failed");
  });

  it("may break off before it is put aside", async () => {
    const { service, api } = await startRefusing(2);
    const begun = createGate();
    api.instead = async (response) => {
      api.instead = undefined;
      response.writeHead(401, { "content-length": "100" }).write("half of it");
      await begun.passed;
      response.destroy();
    };
    const connection = service.connect({
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        if (response.status === 401) {
          begun.open();
          await caught(response.clone().text());
        }
        return response;
      },
    });
    expect((await connection.fetch(api.url)).status).toBe(200);
  });
});

it.each([400, 403, 500])("an answer %i is returned without a report", async (status) => {
  const { service, api, connection } = await startRefusing(1);
  api.instead = (response) => void response.writeHead(status).end();
  expect((await connection.fetch(api.url)).status).toBe(status);
  expect(service.reports).toEqual([]);
});
