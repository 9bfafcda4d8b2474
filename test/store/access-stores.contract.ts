import { describe, expect, test } from "vitest";
import { providerSchema } from "../../src/provider/provider.ts";
import { createApiKeyStore } from "../../src/store/api-keys.ts";
import { createKeyStore } from "../../src/store/keys.ts";
import { createProviderStore } from "../../src/store/providers.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { openStoreStage } from "../stage/store-stage.ts";

const KEY = {
  id: "key_1",
  tenantId: "default",
  name: "sync worker",
  scopes: ["token:read", "connections:read"],
  hash: Buffer.of(0, 1, 255),
  expiresAt: 99,
} as const;

/** What every database has to make of `ApiKeyStore`. */
export function apiKeyStoreContract(kind: DatabaseKind): void {
  describe(`API keys on ${kind.name}`, () => {
    test("come back as they were stored, with the database's time", async () => {
      const { database, clock } = await openStoreStage(kind);
      const keys = createApiKeyStore(database);
      await keys.create({ ...KEY, scopes: [...KEY.scopes] });
      expect(await keys.find("key_1")).toEqual({ ...KEY, createdAt: clock.now(), revokedAt: null });
      expect(await keys.find("key_none")).toBeNull();
    });

    test("are stored once, whoever else stores the same key", async () => {
      const { database } = await openStoreStage(kind);
      const keys = createApiKeyStore(database);
      const same = { ...KEY, scopes: [...KEY.scopes] };
      await Promise.all([keys.create(same), keys.create(same), keys.create(same)]);
      await keys.create({ ...same, name: "later" });
      expect(await keys.list("default")).toMatchObject([{ id: "key_1", name: "sync worker" }]);
    });

    test("are listed by id, revoked ones too, for their tenant only", async () => {
      const { database } = await openStoreStage(kind);
      const keys = createApiKeyStore(database);
      for (const id of ["key_2", "key_1"]) await keys.create({ ...KEY, id, scopes: ["admin"], expiresAt: null });
      await keys.revoke("default", "key_1");
      expect((await keys.list("default")).map(({ id }) => id)).toEqual(["key_1", "key_2"]);
      expect(await keys.list("ten_other")).toEqual([]);
    });

    test("are revoked once, by their own tenant only, and keep when", async () => {
      const { database, clock } = await openStoreStage(kind);
      const keys = createApiKeyStore(database);
      await keys.create({ ...KEY, scopes: ["admin"] });
      expect(await keys.revoke("ten_other", "key_1")).toBe(false);
      expect((await keys.find("key_1"))?.revokedAt).toBeNull();
      expect(await keys.revoke("default", "key_1")).toBe(true);
      const revokedAt = clock.now();
      await clock.advance(1000);
      expect(await keys.revoke("default", "key_1")).toBe(false);
      expect(await keys.revoke("default", "key_none")).toBe(false);
      expect((await keys.find("key_1"))?.revokedAt).toBe(revokedAt);
    });
  });
}

/** What every database has to make of `KeyStore`. */
export function keyStoreContract(kind: DatabaseKind): void {
  describe(`sealing keys on ${kind.name}`, () => {
    test("the database gets one name, when it is first asked for, and keeps it", async () => {
      const { database } = await openStoreStage(kind);
      let made = 0;
      const keys = createKeyStore(database, () => `instance-${++made}`);
      const names = await Promise.all([keys.instanceId(), keys.instanceId(), keys.instanceId()]);
      expect(new Set(names)).toEqual(new Set(["instance-1"]));
      expect(await createKeyStore(database, () => "another").instanceId()).toBe("instance-1");
      expect(made).toBe(1);
    });

    test("root keys are kept in the order in which they came, each once", async () => {
      const { database, clock } = await openStoreStage(kind);
      const keys = createKeyStore(database, () => "instance");
      await keys.addRootKey({ fingerprint: "b", sentinel: Buffer.of(1), kept: null });
      await clock.advance(1);
      await keys.addRootKey({ fingerprint: "a", sentinel: Buffer.of(2), kept: null });
      await keys.addRootKey({ fingerprint: "b", sentinel: Buffer.of(3), kept: null });
      expect(await keys.rootKeys()).toEqual([
        { fingerprint: "b", sentinel: Buffer.of(1), kept: null },
        { fingerprint: "a", sentinel: Buffer.of(2), kept: null },
      ]);
    });

    test("tenant keys are kept by version, and the first of two made at once stays", async () => {
      const { database, clock } = await openStoreStage(kind);
      const keys = createKeyStore(database, () => "instance");
      await keys.addRootKey({ fingerprint: "root", sentinel: Buffer.of(0), kept: null });
      const key = { tenantId: "default", rootFingerprint: "root" };
      const kept = { ...key, createdAt: clock.now(), retiredAt: null };
      await keys.addTenantKey({ ...key, version: 10, wrapped: Buffer.of(10) });
      await keys.addTenantKey({ ...key, version: 2, wrapped: Buffer.of(2) });
      await keys.addTenantKey({ ...key, version: 2, wrapped: Buffer.of(99) });
      const stored = await keys.tenantKeys("default");
      expect(stored).toEqual([
        { ...kept, version: 2, wrapped: Buffer.of(2) },
        { ...kept, version: 10, wrapped: Buffer.of(10) },
      ]);
      expect(await keys.tenantKeys("ten_other")).toEqual([]);
    });

    test("a tenant key under a root key that is not there is refused", async () => {
      const { database } = await openStoreStage(kind);
      const keys = createKeyStore(database, () => "instance");
      const key = { tenantId: "default", version: 1, wrapped: Buffer.of(1), rootFingerprint: "none" };
      await expect(keys.addTenantKey(key)).rejects.toThrow(/.+/);
    });
  });
}

/** What every database has to make of `ProviderStore`. */
export function providerStoreContract(kind: DatabaseKind): void {
  const entry = providerSchema.parse({
    id: "custom",
    name: "Custom",
    authorization_url: "https://custom.example/authorize",
    token_url: "https://custom.example/token",
    replay: { class: "window", seconds: 30 },
    authorization_parameters: { audience: "api" },
  });

  describe(`providers on ${kind.name}`, () => {
    test("come back as they were stored", async () => {
      const { database } = await openStoreStage(kind);
      const providers = createProviderStore(database);
      await providers.put(entry);
      expect(await providers.find("custom")).toEqual(entry);
      expect(await providers.find("none")).toBeNull();
    });

    test("are replaced by the newer entry of the same id, and listed by id", async () => {
      const { database } = await openStoreStage(kind);
      const providers = createProviderStore(database);
      const newer = { ...entry, name: "Newer" };
      await providers.put(entry);
      await providers.put({ ...entry, id: "another" });
      await providers.put(newer);
      expect(await providers.list()).toEqual([{ ...entry, id: "another" }, newer]);
    });
  });
}
