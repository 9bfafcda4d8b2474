import { expect, it } from "vitest";
import { createEvergrant } from "../src/index.ts";
import { startApi } from "./api.ts";
import { API_KEY, inSeconds, startEvergrantService } from "./evergrant-service.ts";

async function start(minTtl?: number) {
  const [service, api] = await Promise.all([startEvergrantService(), startApi()]);
  return { service, api, evergrant: createEvergrant({ url: service.url, apiKey: API_KEY, minTtl }) };
}

function asked(calls: readonly string[]): string[] {
  return calls.map((call) => call.replace(/.*min_ttl=/, ""));
}

it("the service is asked for what the caller wants, or the connection, or all connections", async () => {
  const { service, evergrant } = await start(900);
  await evergrant.connection("con_1").accessToken();
  await evergrant.connection("con_1", { minTtl: 120 }).accessToken();
  await evergrant.connection("con_1", { minTtl: 120 }).accessToken({ minTtl: 0 });
  expect(asked(service.calls)).toEqual(["900", "120", "0"]);
});

it("a token in memory is sent as long as it lives long enough for whoever sends it", async () => {
  const { service, api, evergrant } = await start();
  service.answer = { expires_at: inSeconds(3600) };
  await evergrant.connection("con_1").fetch(api.url);
  await evergrant.connection("con_1", { minTtl: 1800 }).fetch(api.url);
  expect(service.calls).toHaveLength(1);
  service.answer = { expires_at: inSeconds(1000) };
  service.generation = 2;
  await evergrant.connection("con_1").accessToken();
  // 400 s of it are to be left: it may be sent for 600 s more. 1,000 s cannot be: for half of its life.
  for (const minTtl of [60, 400, 1000]) await evergrant.connection("con_1", { minTtl }).fetch(api.url);
  expect(service.calls).toHaveLength(2);
});

it("the same id and life give the same connection", async () => {
  const { evergrant } = await start(300);
  expect(evergrant.connection("con_1")).toBe(evergrant.connection("con_1", { minTtl: 300 }));
  expect(evergrant.connection("con_1")).not.toBe(evergrant.connection("con_1", { minTtl: 60 }));
});

it.each([-1, 0.5, 86_401, Number.NaN])("%d is no life to ask for", async (minTtl) => {
  const { evergrant } = await start();
  expect(() => createEvergrant({ url: "http://127.0.0.1:4100", apiKey: API_KEY, minTtl })).toThrow('"minTtl"');
  expect(() => evergrant.connection("con_1", { minTtl })).toThrow('"minTtl"');
});
