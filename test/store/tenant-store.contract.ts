import { describe, expect, test } from "vitest";
import { NO_LIMITS } from "../../src/access/tenant.ts";
import type { NewTenant } from "../../src/access/tenant-store.ts";
import { HOUR } from "../../src/runtime/clock.ts";
import { createApiKeyStore } from "../../src/store/api-keys.ts";
import { createConnectSessionStore } from "../../src/store/connect-sessions.ts";
import { createTenantStore } from "../../src/store/tenants.ts";
import { createTokenReadStore } from "../../src/store/token-reads.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { commitOf, openStoreStage, tokenRecord } from "../stage/store-stage.ts";
import { clientAt } from "../stage/world.ts";

const TENANT: NewTenant = {
  id: "ten_1",
  name: "Zoë & Co",
  publicUrl: "https://connect.zoe.example",
  limits: NO_LIMITS,
};
const INSTALLATION = "https://evergrant.example";
const PAGE = { limit: 10, after: null };

/** Two tenants, the first with a client at its address and two connections. */
async function openWithTenants(kind: DatabaseKind) {
  const stage = await openStoreStage(kind);
  const tenants = createTenantStore(stage.database);
  const keys = createApiKeyStore(stage.database);
  await tenants.create(TENANT);
  await tenants.create({ id: "ten_2", name: "Other", publicUrl: null, limits: { ...NO_LIMITS, clients: 3 } });
  for (const [tenantId, id] of [
    ["ten_1", "cli_a"],
    ["ten_2", "cli_b"],
  ] as const) {
    await stage.clients.create({ ...clientAt("provider", id), tenantId }, null);
  }
  async function connect(id: string, tenantId = "ten_1"): Promise<void> {
    const clientId = tenantId === "ten_1" ? "cli_a" : "cli_b";
    await stage.create(id, { tenantId, clientId, endUser: "zoe", labels: { team: "red" }, seed: `seed-${id}` });
  }
  async function addKey(id: string, tenantId = "ten_1", expiresAt: number | null = null): Promise<void> {
    const given = { scopes: [], hash: Buffer.of(1), allowedCidrs: [], rateLimit: null, replaces: null };
    await keys.create({ id, tenantId, name: id, expiresAt, ...given });
  }
  for (const id of ["con_a", "con_b"]) await connect(id);
  await connect("con_other", "ten_2");
  return { ...stage, tenants, keys, connect, addKey };
}

/** What every database has to make of `TenantStore`. */
export function tenantStoreContract(kind: DatabaseKind): void {
  describe(`tenants on ${kind.name}`, () => {
    test("come back as they were stored, with the database's time", async () => {
      const { tenants, clock } = await openWithTenants(kind);
      expect(await tenants.find("ten_1")).toEqual({ ...TENANT, createdAt: clock.now(), closedAt: null });
      expect(await tenants.find("ten_none")).toBeNull();
      expect(await tenants.find("default")).toMatchObject({ name: "Default", publicUrl: null, limits: NO_LIMITS });
    });

    test("are listed by id, page by page", async () => {
      const { tenants } = await openWithTenants(kind);
      const ids = async (page: { limit: number; after: string | null }) =>
        (await tenants.list(page)).map((tenant) => tenant.id);
      expect(await ids(PAGE)).toEqual(["default", "ten_1", "ten_2"]);
      expect(await ids({ limit: 1, after: "default" })).toEqual(["ten_1"]);
      expect(await ids({ limit: 9, after: "ten_2" })).toEqual([]);
    });

    test("change in what is said, and in nothing else", async () => {
      const { tenants } = await openWithTenants(kind);
      expect(await tenants.change("ten_2", { limits: { connections: 7 } })).toBe(true);
      expect(await tenants.find("ten_2")).toMatchObject({
        name: "Other",
        publicUrl: null,
        limits: { ...NO_LIMITS, clients: 3, connections: 7 },
      });
      await tenants.change("ten_2", { name: "Renamed", limits: { clients: null } });
      expect(await tenants.find("ten_2")).toMatchObject({ name: "Renamed", limits: { clients: null, connections: 7 } });
      expect(await tenants.change("ten_none", { name: "x" })).toBe(false);
    });

    test("count what they have: clients, living connections and living keys", async () => {
      const { tenants, connections, addKey, keys, clock } = await openWithTenants(kind);
      for (const id of ["key_1", "key_2", "key_3"]) await addKey(id);
      await addKey("key_4", "ten_1", clock.now() + HOUR);
      await addKey("key_5", "ten_2");
      await keys.revoke("ten_1", "key_1");
      await connections.disconnect("con_b", { kind: "disconnected", generation: 1, detail: {} });
      const counts = () =>
        Promise.all((["clients", "connections", "apiKeys"] as const).map((thing) => tenants.count("ten_1", thing)));
      expect(await counts()).toEqual([1, 1, 3]);
      await clock.advance(HOUR);
      expect(await counts()).toEqual([1, 1, 2]);
    });
  });

  describe(`addresses of tenants on ${kind.name}`, () => {
    test("are those of their clients", async () => {
      const { clients } = await openWithTenants(kind);
      expect((await clients.find("cli_a"))?.publicUrl).toBe(TENANT.publicUrl);
      expect((await clients.find("cli_b"))?.publicUrl).toBeNull();
      expect(
        (await clients.list({ tenantId: "ten_1", after: null, limit: 10, providerId: null })).map(
          (client) => client.publicUrl,
        ),
      ).toEqual([TENANT.publicUrl]);
    });

    test("change, and clients keep the one that they had", async () => {
      const { tenants, clients } = await openWithTenants(kind);
      const address = { redirectUris: "keep", installationUrl: INSTALLATION } as const;
      await tenants.change("ten_1", { address: { ...address, publicUrl: "https://new.example" } });
      await tenants.change("ten_2", { address: { ...address, publicUrl: "https://two.example" } });
      expect((await clients.find("cli_a"))?.publicUrl).toBe(TENANT.publicUrl);
      expect((await clients.find("cli_b"))?.publicUrl).toBe(INSTALLATION);
      await clients.create({ ...clientAt("provider", "cli_c"), tenantId: "ten_1" }, null);
      expect((await clients.find("cli_c"))?.publicUrl).toBe("https://new.example");
      // What stays the same is nothing to keep.
      await tenants.change("ten_1", { address: { ...address, publicUrl: "https://new.example" } });
      await tenants.change("ten_1", { address: { ...address, publicUrl: null } });
      const now = await Promise.all(["cli_a", "cli_c"].map(async (id) => (await clients.find(id))?.publicUrl));
      expect(now).toEqual([TENANT.publicUrl, "https://new.example"]);
    });

    test("change with all clients, when that is asked for", async () => {
      const { tenants, clients } = await openWithTenants(kind);
      const own = { ...clientAt("provider", "cli_c"), tenantId: "ten_1", publicUrl: "https://own.example" };
      await clients.create(own, null);
      expect((await clients.find("cli_c"))?.publicUrl).toBe("https://own.example");
      const address = {
        publicUrl: "https://new.example",
        redirectUris: "change",
        installationUrl: INSTALLATION,
      } as const;
      await tenants.change("ten_1", { address });
      const found = await clients.list({ tenantId: "ten_1", after: null, limit: 10, providerId: null });
      expect(found.map((client) => client.publicUrl)).toEqual(["https://new.example", "https://new.example"]);
      expect((await clients.find("cli_b"))?.publicUrl).toBeNull();
    });

    test("are known by their host, those of single clients too", async () => {
      const { tenants, clients } = await openWithTenants(kind);
      await clients.create({ ...clientAt("provider", "cli_c"), publicUrl: "http://127.0.0.1:4100" }, null);
      const known = await Promise.all(
        ["connect.zoe.example", "127.0.0.1:4100", "zoe.example", "127.0.0.1", ""].map((host) => tenants.hasHost(host)),
      );
      expect(known).toEqual([true, true, false, false, false]);
    });
  });

  describe(`tenants that end, on ${kind.name}`, () => {
    test("let nobody in from the beginning, and make nothing more", async () => {
      const stage = await openWithTenants(kind);
      const { tenants, keys, connections } = stage;
      const sessions = createConnectSessionStore(stage.database);
      const nothing = { connectionId: null, endUser: null, scopes: [], requiredScopes: [], parameters: {} };
      const asked = { ...nothing, returnUrl: null, expiresAt: 9 };
      for (const [id, tenantId, clientId] of [
        ["cs_1", "ten_1", "cli_a"],
        ["cs_2", "ten_2", "cli_b"],
      ] as const) {
        await sessions.create({
          id,
          tenantId,
          clientId,
          ...asked,
          completion: "automatic",
          switchEpoch: null,
          linkHash: "x",
        });
      }
      await stage.addKey("key_1");
      await stage.addKey("key_2", "ten_2");
      expect(await tenants.close("ten_1")).toEqual(["key_1"]);
      expect((await keys.find("key_1"))?.revokedAt).toBe(stage.clock.now());
      expect((await keys.find("key_2"))?.revokedAt).toBeNull();
      expect([await sessions.find("cs_1"), (await sessions.find("cs_2"))?.id]).toEqual([null, "cs_2"]);
      expect((await tenants.find("ten_1"))?.closedAt).toBe(stage.clock.now());
      expect(await tenants.change("ten_1", { name: "x" })).toBe(false);
      await expect(stage.connect("con_late")).rejects.toMatchObject({ code: "not_found" });
      expect(await connections.snapshot("con_late")).toBeNull();
      // Asked again, it is what it was.
      await stage.clock.advance(1000);
      expect(await tenants.close("ten_1")).toEqual([]);
      expect((await tenants.find("ten_1"))?.closedAt).toBe(stage.clock.now() - 1000);
    });

    test("have their connections ended page by page, with nothing left of whose they were", async () => {
      const stage = await openWithTenants(kind);
      const { tenants, connections } = stage;
      const reads = createTokenReadStore(stage.database);
      await reads.add([{ hour: 0, keyId: "key_1", connectionId: "con_a", count: 1 }]);
      await connections.setAside("con_a", tokenRecord(1, 1), null);
      const other = await stage.held("con_other");
      await tenants.close("ten_1");
      expect(await tenants.endConnections("ten_1", { limit: 1, after: null })).toEqual({ count: 1, last: "con_a" });
      expect(await tenants.endConnections("ten_1", { limit: 1, after: "con_a" })).toEqual({ count: 1, last: "con_b" });
      expect(await tenants.endConnections("ten_1", { limit: 1, after: "con_b" })).toEqual({ count: 0, last: null });
      expect(await tenants.endConnections("ten_1", PAGE)).toEqual({ count: 0, last: null });
      const held = await stage.held("con_a");
      expect(held.connection).toMatchObject({ status: "disconnected", endUser: null, account: null, labels: {} });
      expect(held.tokens).toMatchObject({ generation: 2, sealedAccessToken: null, sealedRefreshToken: null });
      expect(held.lease).toMatchObject({ dueAt: null, owner: null });
      expect(await connections.spares("con_a")).toEqual([]);
      expect(await stage.kindsOf("con_a")).toEqual([]);
      expect(await reads.list({ connectionId: "con_a", from: 0, to: HOUR })).toEqual([]);
      expect(await connections.findBySeed("cli_a", "seed-con_a")).toBeNull();
      expect(await stage.held("con_other")).toEqual(other);
      expect(await stage.kindsOf("con_other")).toEqual(["connected"]);
    });

    test("forget connections that were disconnected before, too", async () => {
      const stage = await openWithTenants(kind);
      await stage.connections.disconnect("con_a", { kind: "disconnected", generation: 1, detail: {} });
      await stage.tenants.close("ten_1");
      expect(await stage.tenants.endConnections("ten_1", PAGE)).toEqual({ count: 2, last: null });
      expect((await stage.held("con_a")).connection.account).toBeNull();
      expect(await stage.kindsOf("con_a")).toEqual([]);
    });

    test("supersede a refresh that is under way", async () => {
      const stage = await openWithTenants(kind);
      await stage.beat("ins_a");
      const claim = await stage.claim("con_a");
      await stage.tenants.close("ten_1");
      await stage.tenants.endConnections("ten_1", PAGE);
      const result = await stage.connections.commit(commitOf("con_a", 2), claim);
      expect(result.kind).toBe("superseded");
      expect((await stage.held("con_a")).tokens).toMatchObject({ generation: 2, sealedRefreshToken: null });
    });

    test("are gone in the end", async () => {
      const { tenants, clients } = await openWithTenants(kind);
      const own = { ...clientAt("provider", "cli_c"), tenantId: "ten_1", publicUrl: "https://own.example" };
      await clients.create(own, null);
      await tenants.close("ten_1");
      await tenants.finishDeletion("ten_1");
      expect(await tenants.find("ten_1")).toBeNull();
      expect((await tenants.list(PAGE)).map(({ id }) => id)).toEqual(["default", "ten_2"]);
      for (const host of ["connect.zoe.example", "own.example"]) expect(await tenants.hasHost(host)).toBe(false);
    });
  });
}
