import { expect, test } from "vitest";
import { deleteTenant } from "../../src/access/delete-tenant.ts";
import { createKeyStore } from "../../src/store/keys.ts";
import { openSqlite } from "../../src/store/sqlite/open.ts";
import { createTenantStore } from "../../src/store/tenants.ts";
import { addTenant, connectAs } from "../security/two-tenants.ts";
import { createCollectingObserver } from "../stage/collecting-observer.ts";
import { openRaw } from "../stage/raw-database.ts";
import { createApi } from "../stage/api.ts";
import { openStage, type Stage } from "../stage/stage.ts";

/** A tenant with a connection that works, and one of the operator's beside it. */
async function openWithTenant() {
  const stage = await openStage();
  const { connectionId } = await stage.connect("bob");
  const tenant = await addTenant(stage, "acme");
  const { id } = await connectAs(tenant, "alice");
  const path = `/v1/connections/${id}/access-token`;
  expect((await tenant.api("GET", path)).status).toBe(200);
  return { stage, tenant, id, path, own: connectionId };
}

/** What one query of the database itself says. */
function asked({ settings }: Stage, query: string): unknown {
  const database = openRaw(`${settings.dataDir}/evergrant.db`);
  try {
    return database.value(query);
  } finally {
    database.close();
  }
}

const remove = (stage: Stage, id: string, confirm = "acme") => stage.api("DELETE", `/v1/tenants/${id}`, { confirm });

test("a tenant that is deleted is like one that never was, for everybody, and the others are as before", async () => {
  const { stage, tenant, id, path, own } = await openWithTenant();
  const session = await tenant.api("POST", "/v1/connect-sessions", { client: tenant.clientId });
  const link = await tenant.api("POST", `/v1/connections/${id}/reauthorization-link`);
  const answer = await remove(stage, tenant.id);
  expect(answer.body).toEqual({ id: tenant.id, api_keys: 1, connections: 1, keys: 2 });

  expect((await tenant.api("GET", path)).body).toMatchObject({ status: 401, code: "unauthorized" });
  const unknown = `/v1/connections/con_${"0".repeat(26)}/access-token`;
  expect((await stage.api("GET", path)).text).toBe((await stage.api("GET", unknown)).text);
  expect((await stage.api("GET", path)).status).toBe(404);
  for (const method of ["GET", "PATCH", "DELETE"] as const) {
    const body = { PATCH: { name: "x" }, DELETE: { confirm: "acme" }, GET: undefined }[method];
    expect((await stage.api(method, `/v1/tenants/${tenant.id}`, body)).status).toBe(404);
  }
  const key = { name: "x", scopes: ["token:read"], tenant: tenant.id };
  expect((await stage.api("POST", "/v1/api-keys", key)).status).toBe(404);
  expect((await stage.api("GET", "/v1/tenants")).text).not.toContain(tenant.id);
  for (const url of [session.at("connect_url"), link.at("url")]) {
    expect((await fetch(url, { redirect: "manual" })).status).toBe(404);
  }
  expect((await stage.token(own)).status).toBe(200);
});

test("its keys are gone and nothing that they sealed is opened, sent or left with a name", async () => {
  const { stage, tenant, id } = await openWithTenant();
  await remove(stage, tenant.id);
  const count = (from: string) => asked(stage, `select count(*) from ${from}`);
  expect(count(`tenant_keys where tenant_id = '${tenant.id}'`)).toBe(0);
  expect(count(`history where connection_id = '${id}'`)).toBe(0);
  expect(count(`token_sets where connection_id = '${id}' and coalesce(access_token, refresh_token) is null`)).toBe(1);
  const named = "coalesce(end_user, '') || coalesce(account_id, '') || coalesce(account_label, '') || labels";
  expect(asked(stage, `select ${named} from connections where id = '${id}'`)).toBe("{}");
  // Of another tenant everything is there.
  expect(count(`tenant_keys where tenant_id = 'default'`)).toBe(2);
  expect(count("history")).toBeGreaterThan(0);
  const before = stage.sandbox.control.counts();
  await stage.clock.leap(2 * 3_600_000);
  await stage.clock.advance(5_000);
  // The operator's own was due as well.
  await expect.poll(() => stage.sandbox.control.counts().refreshesSucceeded).toBe(before.refreshesSucceeded + 1);
  const { tokenRequestsByClient } = stage.sandbox.control.counts();
  expect(tokenRequestsByClient[tenant.registeredAs]).toBe(before.tokenRequestsByClient[tenant.registeredAs]);
  expect(stage.log.filter((line) => line.includes("key_unavailable"))).toEqual([]);
});

test("only its name confirms the deletion, and without it nothing happens", async () => {
  const { stage, tenant, path } = await openWithTenant();
  for (const confirm of ["", "Acme", "acme ", tenant.id]) {
    expect((await remove(stage, tenant.id, confirm)).body).toMatchObject({ status: 400, code: "invalid_request" });
  }
  expect((await stage.api("DELETE", `/v1/tenants/${tenant.id}`)).status).toBe(400);
  expect((await tenant.api("GET", path)).status).toBe(200);
});

test("one that was cut short is shown as such, lets nobody in, and is gone on with", async () => {
  const { stage, tenant, path } = await openWithTenant();
  const database = await openSqlite(`${stage.settings.dataDir}/evergrant.db`, stage.clock);
  await createTenantStore(database).close(tenant.id);
  await database.close();
  expect((await stage.api("GET", `/v1/tenants/${tenant.id}`)).body).toMatchObject({ status: "deleting" });
  expect((await stage.api("PATCH", `/v1/tenants/${tenant.id}`, { name: "x" })).status).toBe(409);
  expect(
    (await stage.api("POST", "/v1/clients", { provider: "google", client_id: "x", tenant: tenant.id })).status,
  ).toBe(404);
  await stage.clock.advance(5_000);
  expect((await tenant.api("GET", path)).status).toBe(401);
  expect((await remove(stage, tenant.id)).body).toEqual({ id: tenant.id, api_keys: 0, connections: 1, keys: 2 });
  expect((await stage.api("GET", `/v1/tenants/${tenant.id}`)).status).toBe(404);
});

test("what another process deletes is noticed within five seconds, whatever was in memory", async () => {
  const { stage, tenant, path } = await openWithTenant();
  const other = await openSqlite(`${stage.settings.dataDir}/evergrant.db`, stage.clock);
  const deps = {
    tenants: createTenantStore(other),
    keys: createKeyStore(other, () => "unused"),
    keyring: { forget: () => undefined },
    authenticator: { forget: () => undefined },
    observer: createCollectingObserver(),
  };
  expect((await tenant.api("GET", path)).status).toBe(200);
  expect(await deleteTenant(deps, { id: tenant.id, confirm: "acme" })).toEqual({ apiKeys: 1, connections: 1, keys: 2 });
  await other.close();
  await stage.clock.advance(5_000);
  expect((await tenant.api("GET", path)).status).toBe(401);
  const late = await stage.api("POST", "/v1/api-keys", { name: "x", scopes: ["admin"] });
  expect((await createApi(stage.service.url, late.at("key"))("GET", path)).status).toBe(404);
});

test("a sign-in that comes back after the deletion connects nothing", async () => {
  const { stage, tenant } = await openWithTenant();
  const session = await tenant.api("POST", "/v1/connect-sessions", { client: tenant.clientId });
  const left = await fetch(session.at("connect_url"), { redirect: "manual" });
  const state = new URL(left.headers.get("location") ?? "").searchParams.get("state") ?? "";
  const cookie = left.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  await remove(stage, tenant.id);
  const exchanged = stage.sandbox.control.counts().authorizationCodeRequests;
  const query = new URLSearchParams({ code: "c", state, iss: stage.sandbox.url }).toString();
  expect((await fetch(`${tenant.redirectUri}?${query}`, { headers: { cookie } })).status).toBe(400);
  expect(stage.sandbox.control.counts().authorizationCodeRequests).toBe(exchanged);
});
