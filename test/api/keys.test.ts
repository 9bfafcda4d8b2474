import { expect, test } from "vitest";
import { MINUTE } from "../../src/runtime/clock.ts";
import { openStage, type Stage } from "../stage/stage.ts";

const TENANT = "/v1/keys/tenants/default";
const LONG = { timeout: 15_000 };

async function rekeyed({ api }: Stage): Promise<void> {
  await expect
    .poll(async () => (await api("GET", TENANT)).at("rekey", "finished_at"), LONG)
    .toEqual(expect.any(String));
}

test("a tenant's key is rotated, everything is sealed anew, and the older version retires when nothing needs it", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  const before = await stage.api("GET", TENANT);
  const version = { version: 1, created_at: expect.any(String), retired_at: null };
  expect(before.body).toEqual({ tenant: "default", versions: [{ ...version, values: 3 }], rekey: null });
  expect((await stage.api("GET", `${TENANT}/rekey`)).status).toBe(404);
  expect((await stage.api("POST", `${TENANT}/versions/1/retire`)).body).toMatchObject({
    status: 409,
    code: "conflict",
  });

  const begun = await stage.api("POST", `${TENANT}/rotate`);
  expect(begun.status).toBe(202);
  expect(begun.body).toMatchObject({ versions: [{ version: 1 }, { version: 2, values: 0 }], rekey: { version: 2 } });
  await stage.clock.advance(10_000);
  await rekeyed(stage);
  const after = await stage.api("GET", TENANT);
  expect(after.body).toMatchObject({ versions: [{ values: 0 }, { values: 3 }], rekey: { values_done: 3 } });
  const finished = { version: 2, values_done: 3, values_total: 3, finished_at: expect.any(String) };
  expect((await stage.api("GET", `${TENANT}/rekey`)).body).toMatchObject({ ...finished, seconds_left: null });
  expect((await stage.token(connectionId)).status).toBe(200);
  expect((await stage.api("POST", `/v1/connections/${connectionId}/refresh`)).body).toMatchObject({ status: "active" });

  await stage.clock.leap(2 * MINUTE);
  const retired = await stage.api("POST", `${TENANT}/versions/1/retire`);
  expect(retired.body).toMatchObject({ versions: [{ retired_at: expect.any(String) }, { retired_at: null }] });
  expect((await stage.api("POST", `${TENANT}/versions/9/retire`)).status).toBe(404);
  await stage.restart();
  expect((await stage.token(connectionId)).status).toBe(200);
});

test("a tenant whose keys are shredded has lost everything, by its own name only", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  expect((await stage.api("DELETE", TENANT, { confirm: "other" })).body).toMatchObject({ code: "invalid_request" });
  expect((await stage.token(connectionId)).status).toBe(200);
  expect((await stage.api("DELETE", TENANT, { confirm: "default" })).body).toEqual({ deleted: 2 });
  await stage.clock.advance(10_000);
  expect((await stage.token(connectionId)).body).toMatchObject({ status: 503, code: "key_unavailable" });
  expect((await stage.api("POST", `${TENANT}/rotate`)).status).toBe(404);
  expect((await stage.api("GET", TENANT)).body).toMatchObject({ versions: [] });
  expect((await stage.api("GET", `/v1/connections/${connectionId}`)).body).toMatchObject({ status: "active" });
});

test("the root key is told by its fingerprint only, and wrapping anew with the same one changes nothing", async () => {
  const stage = await openStage();
  const root = await stage.api("GET", "/v1/keys/root");
  const fingerprint = root.at("fingerprint");
  expect(fingerprint).toMatch(/^[0-9a-f]{16}$/);
  const rotated = await stage.api("POST", "/v1/keys/root/rotate");
  expect(rotated.body).toEqual({ ...Object(root.body), rewrapped: 0 });
});

test("keys are the administrators' matter", async () => {
  const stage = await openStage();
  const made = await stage.api("POST", "/v1/api-keys", { name: "worker", scopes: ["connections:write", "keys:write"] });
  for (const [method, path] of [
    ["GET", "/v1/keys/root"],
    ["POST", "/v1/keys/root/rotate"],
    ["GET", TENANT],
    ["POST", `${TENANT}/rotate`],
    ["GET", `${TENANT}/rekey`],
    ["POST", `${TENANT}/versions/1/retire`],
    ["DELETE", TENANT],
  ] as const) {
    const headers = { authorization: `Bearer ${made.at("key")}` };
    const answer = await fetch(`${stage.service.url}${path}`, { method, headers });
    expect([path, answer.status]).toEqual([path, 403]);
  }
});

test("the keys that the installation itself uses are nobody's to change or delete", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  const path = "/v1/keys/tenants/installation";
  expect((await stage.api("GET", path)).status).toBe(404);
  expect((await stage.api("POST", `${path}/rotate`)).status).toBe(404);
  expect((await stage.api("DELETE", path, { confirm: "installation" })).status).toBe(404);
  await stage.restart();
  expect((await stage.token(connectionId)).status).toBe(200);
});
