import { describe, expect, test } from "vitest";
import { z } from "zod";
import { DAY, HOUR } from "../../src/runtime/clock.ts";
import { createApi } from "../stage/api.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { openAnotherTenant } from "../security/another-tenant.ts";

const pageSchema = z.looseObject({
  entries: z.array(z.looseObject({ act: z.string(), object: z.string().nullable() })),
  next_before: z.int().nullable(),
});

async function page({ api }: Stage, query = "") {
  const { status, body } = await api("GET", `/v1/audit${query}`);
  expect(status).toBe(200);
  return pageSchema.parse(body);
}

describe("GET /v1/audit", () => {
  test("tells who did what to which thing, when and from where, newest first", async () => {
    const stage = await openStage();
    const made = await stage.api("POST", "/v1/api-keys", { name: "x", scopes: ["token:read", "audit:read"] });
    const [newest] = (await page(stage)).entries;
    expect(newest).toEqual({
      seq: expect.any(Number),
      at: new Date(stage.clock.now()).toISOString(),
      act: "api_key.created",
      actor: { kind: "api_key", id: expect.stringMatching(/^key_/) },
      object: made.at("id"),
      from: "127.0.0.1",
      detail: { scopes: "token:read audit:read" },
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
  });

  test("begins with the admin key, which the service itself adopted once", async () => {
    const stage = await openStage();
    const { entries } = await page(stage);
    const system = { actor: { kind: "system", id: null }, from: null };
    expect(entries.slice(-2)).toMatchObject([
      { ...system, act: "api_key.adopted" },
      { ...system, act: "api_key.created" },
    ]);
    await stage.restart();
    expect((await page(stage)).entries).toHaveLength(entries.length);
  });

  test("comes in pages, and by act, actor, object and time", async () => {
    const stage = await openStage();
    const start = new Date(stage.clock.now()).toISOString();
    await stage.clock.advance(HOUR);
    const later = new Date(stage.clock.now()).toISOString();
    const made = await stage.api("POST", "/v1/api-keys", { name: "x", scopes: ["token:read"] });
    const id = made.at("id");
    await stage.api("DELETE", `/v1/api-keys/${id}`);
    const first = await page(stage, "?limit=1");
    expect(first.entries).toMatchObject([{ act: "api_key.revoked" }]);
    const second = await page(stage, `?limit=1&before=${first.next_before}`);
    expect(second.entries).toMatchObject([{ act: "api_key.created", object: id }]);
    const acts = async (query: string) => (await page(stage, query)).entries.map(({ act }) => act);
    expect(await acts("?act=client.created")).toEqual(["client.created"]);
    expect(await acts(`?object=${id}`)).toEqual(["api_key.revoked", "api_key.created"]);
    expect(await acts(`?actor=${id}`)).toEqual([]);
    expect(await acts(`?since=${later}`)).toEqual(["api_key.revoked", "api_key.created"]);
    expect(await acts(`?until=${start}`)).toEqual([]);
    expect((await stage.api("GET", "/v1/audit?act=none")).status).toBe(400);
    expect((await page(stage)).next_before).toBeNull();
  });

  test("is each tenant's own; the operator reads everybody's", async () => {
    const stage = await openStage();
    const stranger = (await openAnotherTenant(stage, ["admin"])).get("admin");
    await stranger?.("POST", "/v1/api-keys", { name: "theirs", scopes: ["token:read"] });
    const theirs = (await stranger?.("GET", "/v1/audit"))?.body;
    expect(theirs).toMatchObject({ entries: [{ seq: 1, act: "api_key.created" }], next_before: null });
    expect((await page(stage)).entries.length).toBeGreaterThan(1);
    expect(await page(stage, "?tenant=ten_another")).toEqual(theirs);
    expect((await stranger?.("GET", "/v1/audit?tenant=ten_another"))?.body).toEqual(theirs);
    for (const foreign of ["default", "ten_nobody"]) {
      expect((await stranger?.("GET", `/v1/audit?tenant=${foreign}`))?.body).toMatchObject({ code: "not_found" });
    }
  });

  test("has what the operator did to another tenant's keys in that tenant's chain", async () => {
    const stage = await openStage();
    const stranger = (await openAnotherTenant(stage, ["admin"])).get("admin");
    const made = { provider: "sandbox", client_id: "b", client_secret: "s" };
    expect((await stranger?.("POST", "/v1/clients", made))?.status).toBe(201);
    await stage.api("POST", "/v1/keys/tenants/ten_another/rotate");
    expect((await page(stage, "?tenant=ten_another")).entries[0]).toMatchObject({ act: "tenant_key.rotated" });
  });

  test("needs its scope", async () => {
    const stage = await openStage();
    const made = await stage.api("POST", "/v1/api-keys", { name: "auditor", scopes: ["audit:read"] });
    const auditor = createApi(stage.service.url, made.at("key"));
    expect((await auditor("GET", "/v1/audit")).status).toBe(200);
    expect((await auditor("GET", "/v1/connections")).status).toBe(403);
  });
});

test("an import that the provider refuses is written down as made and taken back", async () => {
  const stage = await openStage();
  const adopted = { client: stage.clientId, token_set: { refresh_token: "of-nobody" }, verify: true };
  expect((await stage.api("POST", "/v1/connections/import", adopted)).status).toBe(422);
  const [second, first] = (await page(stage)).entries;
  expect([first?.act, second?.act]).toEqual(["connection.imported", "connection.discarded"]);
  expect(first?.object).toBe(second?.object);
});

test("a refresh writes nothing down", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  const before = (await page(stage)).entries.length;
  await stage.api("POST", `/v1/connections/${connectionId}/refresh`);
  await stage.token(connectionId);
  expect((await page(stage)).entries).toHaveLength(before);
});

test("the log is told a signed end of the chain once a day", async () => {
  const stage = await openStage();
  await stage.clock.leap(DAY + HOUR);
  await expect.poll(() => stage.log.join("")).toContain("audit.checkpoint");
});
