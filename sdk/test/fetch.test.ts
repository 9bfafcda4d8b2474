import { describe, expect, it } from "vitest";
import { createEvergrant } from "../src/index.ts";
import type { Connection } from "../src/index.ts";
import { startApi } from "./api.ts";
import { caught } from "./caught.ts";
import { API_KEY, inSeconds, sendProblem, startEvergrantService, tokenOf } from "./evergrant-service.ts";

async function start() {
  const [service, api] = await Promise.all([startEvergrantService(), startApi()]);
  return { service, api, connection: service.connect() };
}

describe("connection.fetch", () => {
  it.each([
    ["a string", (url: string) => url],
    ["a URL", (url: string) => new URL(url)],
    ["a Request", (url: string) => new Request(url)],
  ])("sends the token to %s", async (_, input) => {
    const { api, connection } = await start();
    const response = await connection.fetch(input(`${api.url}/items?page=2`));
    expect(await response.text()).toBe("hello 1");
    expect(api.calls).toMatchObject([{ method: "GET", path: "/items?page=2" }]);
    expect(api.calls[0]?.headers.authorization).toBe(`Bearer ${tokenOf(1)}`);
  });

  it("keeps the method and the headers", async () => {
    const { api, connection } = await start();
    await connection.fetch(api.url, {
      method: "PATCH",
      headers: [
        ["X-Trace", "1"],
        ["Accept", "text/x"],
      ],
    });
    expect(api.calls).toMatchObject([{ method: "PATCH", headers: { "x-trace": "1", accept: "text/x" } }]);
  });

  it("keeps the method and the headers of a Request, or replaces them as fetch does", async () => {
    const { api, connection } = await start();
    const request = new Request(api.url, { method: "DELETE", headers: { "x-trace": "1" } });
    await connection.fetch(request);
    await connection.fetch(request, { method: "PUT", headers: { "x-other": "2" } });
    expect(api.calls).toMatchObject([
      { method: "DELETE", headers: { "x-trace": "1" } },
      { method: "PUT", headers: { "x-other": "2" } },
    ]);
    expect(api.calls[1]?.headers).not.toHaveProperty("x-trace");
  });

  it("leaves the headers of the caller alone", async () => {
    const { api, connection } = await start();
    const headers = new Headers({ "x-trace": "1" });
    await connection.fetch(api.url, { headers });
    expect([...headers]).toEqual([["x-trace", "1"]]);
  });

  it.each([
    ["bEaReR", "Bearer"],
    ["DPoP", "DPoP"],
  ])("presents a token of the type %s as %s", async (type, scheme) => {
    const { service, api, connection } = await start();
    service.answer = { token_type: type };
    api.instead = (response) => void response.end();
    await connection.fetch(api.url);
    expect(api.calls[0]?.headers.authorization).toBe(`${scheme} ${tokenOf(1)}`);
  });

  it.each<[string, (url: string) => Parameters<Connection["fetch"]>]>([
    ["init", (url) => [url, { headers: { AUTHORIZATION: "Basic x" } }]],
    ["a Request", (url) => [new Request(url, { headers: { authorization: "Basic x" } })]],
  ])("refuses an Authorization header in %s", async (_, args) => {
    const { service, api, connection } = await start();
    const error = await caught(connection.fetch(...args(api.url)));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain("Authorization");
    expect([service.calls, api.calls]).toEqual([[], []]);
  });

  it("sends nothing when there is no token", async () => {
    const { service, api, connection } = await start();
    service.instead = (response) => sendProblem(response, 409, { code: "connection_disconnected" });
    expect(await caught(connection.fetch(api.url))).toMatchObject({ code: "connection_disconnected" });
    expect(api.calls).toEqual([]);
  });

  it("rejects as fetch does when the API cannot be reached", async () => {
    const { connection } = await start();
    expect(await caught(connection.fetch("not an address"))).toBeInstanceOf(TypeError);
  });

  it("sends everything with the fetch it was given", async () => {
    const { service, api } = await start();
    const sent: string[] = [];
    const connection = service.connect({
      fetch: (input, init) => {
        sent.push(input instanceof Request ? input.url : input.toString());
        return fetch(input, init);
      },
    });
    await connection.fetch(api.url);
    expect(sent).toEqual([`${service.url}/v1/connections/con_1/access-token?min_ttl=60`, api.url]);
  });
});

describe("the token cache", () => {
  it("spares the service", async () => {
    const { service, api } = await start();
    const evergrant = createEvergrant({ url: service.url, apiKey: API_KEY });
    const send = () => evergrant.connection("con_1").fetch(api.url);
    await Promise.all([send(), send()]);
    await send();
    expect(service.calls).toHaveLength(1);
    expect(api.calls).toHaveLength(3);
  });

  it("is filled by accessToken too", async () => {
    const { service, api, connection } = await start();
    await connection.accessToken({ minTtl: 600 });
    await connection.fetch(api.url);
    expect(service.calls).toHaveLength(1);
  });

  it("is per connection", async () => {
    const { service, api } = await start();
    const evergrant = createEvergrant({ url: service.url, apiKey: API_KEY });
    await evergrant.connection("con_1").fetch(api.url);
    service.answer = { connection_id: "con_2" };
    await evergrant.connection("con_2").fetch(api.url);
    expect(service.calls).toHaveLength(2);
  });

  it.each([
    ["reuses", 61, 1],
    ["reuses, for half of its life,", 20, 1],
    ["does not reuse", 0, 2],
    ["does not reuse", -5, 2],
  ])("%s a token with %i s to live", async (_, seconds, calls) => {
    const { service, api, connection } = await start();
    service.answer = { expires_at: inSeconds(seconds) };
    await connection.fetch(api.url);
    await connection.fetch(api.url);
    expect(service.calls).toHaveLength(calls);
  });
});
