import { expect, test } from "vitest";
import { checkConnection } from "../../src/refresh/check.ts";
import { HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { answers } from "../stage/plays.ts";
import { TENANT } from "../stage/world.ts";

function check(stage: EngineStage, connectionId: string, tenantId = TENANT) {
  return checkConnection({ ...stage.ports, refresher: stage.refresher }, { tenantId, connectionId });
}

test("a living access token is proven at the userinfo endpoint, and the refresh token is not spent on it", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  await stage.clock.advance(MINUTE);
  const { connection, provenBy } = await check(stage, id);
  expect(provenBy).toBe("userinfo");
  expect(connection).toMatchObject({ status: "active", lastProvenAt: stage.clock.now() });
  expect(stage.server.userinfoRequests).toEqual(["access-1-1"]);
  expect(stage.server.requests).toHaveLength(0);
});

test("an access token that has run out is not shown to anybody; a refresh proves the connection", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  await stage.clock.advance(HOUR);
  await expect(check(stage, id)).resolves.toMatchObject({ provenBy: "refresh" });
  expect(stage.server.userinfoRequests).toEqual([]);
  expect((await stage.tokensOf(id)).refreshToken).toBe("refresh-1-2");
});

test("a check that spends the refresh token stores what came back, so that the next read works", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const id = await stage.connect();
  await stage.clock.advance(HOUR);
  await check(stage, id);
  await stage.clock.advance(HOUR);
  await expect(stage.read(id)).resolves.toMatchObject({ generation: 3, refreshState: "ok" });
  expect(stage.server.reuses()).toBe(0);
});

test("a user who revoked is found out", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  stage.server.revoke("refresh-1-1");
  const { connection, provenBy } = await check(stage, id);
  expect(provenBy).toBeNull();
  expect(connection).toMatchObject({ status: "reauthorization_required", lastProvenAt: null });
});

test("an outage proves nothing and condemns nobody", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  await stage.clock.advance(HOUR);
  stage.server.always(answers(503, ""));
  const { connection, provenBy } = await check(stage, id);
  expect(provenBy).toBeNull();
  expect(connection).toMatchObject({ status: "active", lastProvenAt: null });
});

test.each([
  ["unknown", "con_unknown", TENANT],
  ["of another tenant", null, "ten_other"],
])("a connection that is %s is not found, and nothing is sent", async (_, unknown, tenantId) => {
  const stage = await openEngineStage();
  const id = unknown ?? (await stage.connect());
  await expect(check(stage, id, tenantId)).rejects.toMatchObject({ code: "not_found" });
  expect(stage.server.userinfoRequests).toEqual([]);
  expect(stage.server.requests).toHaveLength(0);
});

test("a disconnected connection has nothing to check with", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  await stage.connections.disconnect(id, { kind: "disconnected", generation: 1, detail: {} });
  await expect(check(stage, id)).resolves.toMatchObject({ provenBy: null, connection: { status: "disconnected" } });
  expect(stage.server.requests).toHaveLength(0);
});
