import { describe, expect, test } from "vitest";
import type { NewVirtualRefreshToken } from "../../src/access/virtual-refresh-token.ts";
import { createTenantStore } from "../../src/store/tenants.ts";
import { createVirtualRefreshTokenStore } from "../../src/store/virtual-refresh-tokens.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { FIRST, openStoreStage } from "../stage/store-stage.ts";

const TOKEN: NewVirtualRefreshToken = {
  id: "vrt_1",
  tenantId: "default",
  connectionId: "con_1",
  name: "airbyte",
  hash: Buffer.of(0, 1, 255),
  createdBy: "key_1",
  expiresAt: null,
};

const UNUSED = { revokedAt: null, lastUsedAt: null, lastUsedFrom: null };

/** What every database has to make of `VirtualRefreshTokenStore`. */
export function virtualRefreshTokenStoreContract(kind: DatabaseKind): void {
  async function open() {
    const stage = await openStoreStage(kind);
    for (const id of ["con_1", "con_2"]) await stage.create(id);
    return { ...stage, tokens: createVirtualRefreshTokenStore(stage.database) };
  }

  describe(`virtual refresh tokens on ${kind.name}`, () => {
    test("come back as they were stored, with the database's time", async () => {
      const { tokens, clock } = await open();
      await tokens.create(TOKEN);
      expect(await tokens.find("vrt_1")).toEqual({ ...TOKEN, ...UNUSED, createdAt: clock.now() });
      expect(await tokens.find("vrt_none")).toBeNull();
    });

    test("are listed by id, a page at a time, of a tenant or of one of its connections", async () => {
      const { tokens } = await open();
      for (const [id, connectionId] of [
        ["vrt_3", "con_1"],
        ["vrt_1", "con_1"],
        ["vrt_2", "con_2"],
      ] as const) {
        await tokens.create({ ...TOKEN, id, connectionId, name: null });
      }
      const list = async (query: Partial<Parameters<typeof tokens.list>[0]>) =>
        (await tokens.list({ tenantId: "default", connectionId: null, limit: 9, after: null, ...query })).map(
          ({ id }) => id,
        );
      expect(await list({})).toEqual(["vrt_1", "vrt_2", "vrt_3"]);
      expect(await list({ limit: 1, after: "vrt_1" })).toEqual(["vrt_2"]);
      expect(await list({ connectionId: "con_1", after: "vrt_1" })).toEqual(["vrt_3"]);
      expect(await list({ tenantId: "ten_other" })).toEqual([]);
    });

    test("are revoked once, by their own tenant only, and those that live are counted", async () => {
      const { tokens, clock } = await open();
      for (const [id, expiresAt] of [
        ["vrt_1", null],
        ["vrt_2", clock.now() + 1000],
      ] as const) {
        await tokens.create({ ...TOKEN, id, expiresAt });
      }
      expect([await tokens.count("con_1"), await tokens.count("con_2")]).toEqual([2, 0]);
      await clock.advance(1000);
      expect(await tokens.count("con_1")).toBe(1);
      expect(await tokens.revoke("ten_other", "vrt_1")).toBe(false);
      expect(await tokens.revoke("default", "vrt_1")).toBe(true);
      const revokedAt = clock.now();
      await clock.advance(1);
      expect(await tokens.revoke("default", "vrt_1")).toBe(false);
      expect(await tokens.find("vrt_1")).toMatchObject({ revokedAt });
      expect(await tokens.count("con_1")).toBe(0);
    });

    test("end with their connection, and are deleted with what an import or a tenant leaves", async () => {
      const { tokens, clock, connections, database } = await open();
      await tokens.create(TOKEN);
      await tokens.create({ ...TOKEN, id: "vrt_2", connectionId: "con_2" });
      await connections.disconnect("con_1", { ...FIRST, kind: "disconnected" });
      expect(await tokens.find("vrt_1")).toMatchObject({ revokedAt: clock.now() });
      expect(await tokens.find("vrt_2")).toMatchObject({ revokedAt: null });
      await createTenantStore(database).endConnections("default", { limit: 9, after: null });
      expect([await tokens.find("vrt_1"), await tokens.find("vrt_2")]).toEqual([null, null]);
    });

    test("know when and from where they were used last, whoever tells it later", async () => {
      const { tokens, clock } = await open();
      await tokens.create(TOKEN);
      const now = clock.now();
      await tokens.markUsed([{ keyId: "vrt_1", agoMs: 20, from: "192.0.2.1" }]);
      await tokens.markUsed([{ keyId: "vrt_1", agoMs: 25, from: "192.0.2.2" }]);
      expect(await tokens.find("vrt_1")).toMatchObject({ lastUsedAt: now - 20, lastUsedFrom: "192.0.2.1" });
    });
  });
}
