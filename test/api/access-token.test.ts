import { request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Answer } from "../stage/api.ts";
import { openStage, type Stage } from "../stage/stage.ts";

test("the answer from memory is the answer of the ordinary route, byte for byte", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  const path = `/v1/connections/${connectionId}/access-token?min_ttl=60`;
  const first = await stage.api("GET", path);
  const completed = () =>
    stage.log.filter((line) => line.includes('"route":"/v1/connections/:id/access-token"')).length;
  const before = completed();
  const second = await stage.api("GET", path);
  expect(completed()).toBe(before);
  expect(second.text).toBe(first.text);
  for (const name of ["content-type", "cache-control", "content-length"]) {
    expect([name, second.headers.get(name)]).toEqual([name, first.headers.get(name)]);
  }
});

test("memory is not trusted for more than five seconds, and never past a change", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  await stage.token(connectionId);
  await stage.api("POST", `/v1/connections/${connectionId}/refresh`);
  expect((await stage.token(connectionId)).body).toMatchObject({ generation: 2 });
  await stage.api("DELETE", `/v1/connections/${connectionId}`);
  expect((await stage.token(connectionId)).status).toBe(409);
});

test("odd spellings of the hot path take the ordinary route and are answered alike", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  await stage.token(connectionId);
  const good = `/v1/connections/${connectionId}/access-token`;
  expect(await raw(stage, good, `Bearer ${stage.adminKey}`)).toBe(200);
  expect(await raw(stage, good, `bearer ${stage.adminKey}`)).toBe(200);
  expect(await raw(stage, `${good}?min_ttl=99999`, `Bearer ${stage.adminKey}`)).toBe(400);
  expect(await raw(stage, `${good}?min_ttl=60&x=1`, `Bearer ${stage.adminKey}`)).toBe(400);
  expect(await raw(stage, good, `Bearer ${stage.adminKey}x`)).toBe(401);
  expect(await raw(stage, good, stage.adminKey)).toBe(401);
  expect(await raw(stage, good, undefined)).toBe(401);
});

test("a refused token leads to one forced refresh; a refused fresh one leads to none", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  const path = `/v1/connections/${connectionId}/access-token/rejected`;
  const newer = await stage.api("POST", path, { generation: 1, status: 401, www_authenticate: "Bearer" });
  expect(newer.body).toMatchObject({ generation: 2 });
  const late = await stage.api("POST", path, { generation: 1, status: 401 });
  expect(late.body).toMatchObject({ generation: 2 });
  const refused = await stage.api("POST", path, { generation: 2, status: 401 });
  expect(refused.body).toMatchObject({ status: 409, code: "api_rejects_fresh_token", who_acts: "operator" });
  expect(refused.at("detail")).toContain("scopes");
  expect(stage.sandbox.control.counts().refreshRequests).toBe(1);
});

test("a provider that is down costs nothing while the token lives, and then asks for patience", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  stage.sandbox.control.change({ tokenEndpointFault: { kind: "rate_limit", retryAfterSeconds: 30 } });
  await stage.clock.leap(56 * 60_000);
  await expect
    .poll(async () => (await patientlyRead(stage, connectionId)).body)
    .toMatchObject({ refresh_state: "failing" });
  await stage.clock.advance(5 * 60_000);
  await expect
    .poll(async () => (await patientlyRead(stage, connectionId)).body)
    .toMatchObject({ status: 503, code: "provider_unavailable", cause: "provider_rate_limited", who_acts: "nobody" });
  const answer = await patientlyRead(stage, connectionId);
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  stage.sandbox.control.change({ tokenEndpointFault: null });
  await stage.clock.advance(6 * 60_000);
  await expect.poll(async () => (await patientlyRead(stage, connectionId)).body).toMatchObject({ refresh_state: "ok" });
});

test("a wrong client secret condemns nobody, and the right one heals at once", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  await stage.sandbox.control.rotateClientSecret("evergrant", "the-next-secret");
  await stage.clock.leap(61 * 60_000);
  await expect
    .poll(async () => (await stage.token(connectionId)).body)
    .toMatchObject({ status: 503, code: "client_suspended", who_acts: "operator" });
  const connection = await stage.api("GET", `/v1/connections/${connectionId}`);
  const diagnosis = { cause: "client_secret_rejected", who_acts: "operator", evidence: { code: "invalid_client" } };
  expect(connection.body).toMatchObject({ status: "suspended", diagnosis });
  const listed = async (status: string) => (await stage.api("GET", `/v1/connections?status=${status}`)).body;
  expect(await listed("suspended")).toMatchObject({ connections: [{ id: connectionId, status: "suspended" }] });
  expect(await listed("active")).toMatchObject({ connections: [] });
  const client = await stage.api("GET", `/v1/clients/${stage.clientId}`);
  expect(client.body).toMatchObject({
    status: "suspended",
    suspension: {
      cause: "client_secret_rejected",
      code: "invalid_client",
      sentence:
        "The provider refuses the client's id or secret; set the right secret and everything goes on by itself.",
    },
  });
  const secret = await stage.api("POST", `/v1/clients/${stage.clientId}/secrets`, { client_secret: "the-next-secret" });
  expect(secret.body).toMatchObject({ state: "active" });
  expect(await listed("suspended")).toMatchObject({ connections: [] });
  expect(await listed("active")).toMatchObject({ connections: [{ id: connectionId, diagnosis: null }] });
  expect((await stage.token(connectionId)).body).toMatchObject({ generation: 2, refresh_state: "ok" });
  expect((await stage.api("GET", `/v1/clients/${stage.clientId}`)).body).toMatchObject({ status: "active" });
});

test("a check asks the provider without spending the refresh token", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  const good = await stage.api("POST", `/v1/connections/${connectionId}/check`);
  expect(good.body).toMatchObject({ proven_by: "userinfo", connection: { status: "active" } });
  expect(stage.sandbox.control.counts().refreshRequests).toBe(0);
  await stage.sandbox.control.revokeUser("alice");
  const bad = await stage.api("POST", `/v1/connections/${connectionId}/check`);
  expect(bad.body).toMatchObject({ proven_by: null, connection: { status: "reauthorization_required" } });
});

/** A request with exactly this path and header, which `fetch` would tidy up. */
function raw(stage: Stage, path: string, authorization: string | undefined): Promise<number> {
  const { hostname, port } = new URL(stage.service.url);
  const headers = authorization === undefined ? {} : { authorization };
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, headers, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** Reads the token, a second passing as often as the read still waits: it waits out a pause that is nearly over. */
async function patientlyRead(stage: Stage, connectionId: string): Promise<Answer> {
  const answer = stage.token(connectionId);
  const isIn = answer.then(() => true);
  while (!(await Promise.race([isIn, sleep(50, false)]))) await stage.clock.advance(1_000);
  return answer;
}
