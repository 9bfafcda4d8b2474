import { createEvergrant, ApiRejectsFreshTokenError } from "@evergrant/sdk";
import { expect, test } from "vitest";
import { MINUTE } from "../../src/runtime/clock.ts";
import { openEngineStage } from "../stage/engine-stage.ts";
import { startPageServer } from "../stage/page-server.ts";
import { openStage } from "../stage/stage.ts";
import { expectHealthy, expectNoReuse } from "./outcome.ts";
import { later } from "./later.ts";

// The API ends tokens earlier than the authorization server promised.
test("client-holds-token-for-whole-job: the job goes on with the next token after one 401, and gives up after two", async () => {
  const stage = await openStage({ behaviour: { reuse: { kind: "revoke_family" } } });
  const { connectionId } = await stage.connect();
  const refused = new Set<string>();
  const calls: string[] = [];
  const orders = await startPageServer((request, response) => {
    const token = request.headers.authorization ?? "";
    calls.push(token);
    response.writeHead(refused.has(token) ? 401 : 200).end("a page of orders");
  });
  const job = createEvergrant({ url: stage.service.url, apiKey: stage.adminKey }).connection(connectionId);
  const page = async () => (await job.fetch(orders)).status;
  expect([await page(), await page()]).toEqual([200, 200]);
  refused.add(calls[0] ?? "");
  expect([await page(), await page()]).toEqual([200, 200]);
  expect(calls).toHaveLength(5);
  expect(new Set(calls).size).toBe(2);
  expect(stage.sandbox.control.counts()).toMatchObject({ refreshRequests: 1, reuseDetected: 0 });

  // From here on it refuses whatever comes. The token is fresh, so another one would not help.
  refused.add(calls[4] ?? "");
  await expect(page()).rejects.toBeInstanceOf(ApiRejectsFreshTokenError);
  expect(calls).toHaveLength(6);
  await later(stage, MINUTE);
  const anyToken = await startPageServer((_request, response) => void response.writeHead(401).end());
  expect((await job.fetch(anyToken)).status).toBe(401);
  expect(stage.sandbox.control.counts()).toMatchObject({ refreshRequests: 2 });
});

test("sync-restarts-from-scratch-at-each-expiry: a job five lives long reads page after page and never starts over", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const id = await stage.connect();
  for (let page = 0; page < 5 * 60; page++) {
    const { accessToken, refreshState } = await stage.read(id);
    expect([page, refreshState]).not.toEqual([page, "failing"]);
    expect([page, stage.server.acceptsAccess(accessToken.reveal())]).toEqual([page, true]);
    await stage.clock.leap(MINUTE);
    // What was read for a page is good for the whole page, also when a newer token came meanwhile.
    expect([page, stage.server.acceptsAccess(accessToken.reveal())]).toEqual([page, true]);
  }
  expect(stage.server.requests.length).toBeGreaterThanOrEqual(4);
  expect(stage.server.requests.length).toBeLessThanOrEqual(6);
  expectNoReuse(stage.server);
  await expectHealthy(stage, id);
});
