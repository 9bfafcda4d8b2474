import { inspect } from "node:util";
import { expect, it } from "vitest";
import { EvergrantAuthClient, googleAuth } from "../../src/adapters/google.ts";
import { startApi } from "../api.ts";
import { startEvergrantService, tokenOf } from "../evergrant-service.ts";

async function start() {
  const [service, api] = await Promise.all([startEvergrantService(), startApi()]);
  service.answer = { expires_at: "2031-05-06T07:08:09Z" };
  const connection = service.connect();
  return { service, api, connection, client: new EvergrantAuthClient(connection, { quotaProjectId: "paying" }) };
}

it("gives what other packages of Google ask for: the token, headers, and the true end", async () => {
  const { client, connection, service } = await start();
  const told: unknown[] = [];
  client.on("tokens", ({ access_token: token, expiry_date: end }) => void told.push([token, end]));
  expect(await client.getAccessToken()).toEqual({ token: tokenOf(1) });
  expect([...(await client.getRequestHeaders())]).toEqual([
    ["authorization", `Bearer ${tokenOf(1)}`],
    ["x-goog-user-project", "paying"],
  ]);
  const end = Date.UTC(2031, 4, 6, 7, 8, 9);
  expect(client.credentials).toMatchObject({ token_type: "Bearer", expiry_date: end, scope: "read write" });
  expect(told).toEqual([[tokenOf(1), end]]);
  expect(await googleAuth(connection).getAccessToken()).toBe(tokenOf(1));
  expect(service.calls).toHaveLength(1);
});

it("shows no token to who prints it", async () => {
  const { client, api } = await start();
  api.takesFrom = 2;
  await client.request({ url: api.url });
  expect(client.credentials.access_token).toBe(tokenOf(2));
  expect(inspect(client, { depth: 9, showHidden: true, getters: false }) + JSON.stringify(client)).not.toContain(
    "nobody-may-see",
  );
});

it("repeats what the caller lets pass as an answer, and keeps the caller's headers", async () => {
  const { client, api, service } = await start();
  api.takesFrom = 2;
  const response = await client.request({ url: api.url, headers: { "x-trace": "1" }, validateStatus: () => true });
  expect([response.status, response.data]).toEqual([200, "hello 2"]);
  expect(api.calls.map(({ headers }) => headers["x-trace"])).toEqual(["1", "1"]);
  expect(service.reports).toHaveLength(1);
});

it("sends a body once more that is made of texts, and not one with a stream in it", async () => {
  const { client, api } = await start();
  api.takesFrom = 2;
  const headers = new Headers({ "content-type": "text/plain" });
  await client.request({ url: api.url, method: "POST", multipart: [{ headers, content: "twice" }] });
  expect(api.calls.filter(({ body }) => body.includes("twice"))).toHaveLength(2);
});
