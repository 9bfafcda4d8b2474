import { describe, expect, test } from "vitest";
import type { NewApiKey, Rotation } from "../../src/access/store.ts";
import { providerSchema } from "../../src/provider/provider.ts";
import { DAY, HOUR } from "../../src/runtime/clock.ts";
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
  allowedCidrs: ["10.0.0.0/8", "2001:db8::/32"],
  rateLimit: 5,
  replaces: null,
} as const;

/** One that was not used. */
const UNUSED = { revokedAt: null, replacedBy: null, lastUsedAt: null, lastUsedFrom: null };

/** As it is to be stored, with lists of its own. */
function newKey(change: Partial<NewApiKey> = {}): NewApiKey {
  return { ...KEY, scopes: [...KEY.scopes], allowedCidrs: [...KEY.allowedCidrs], ...change };
}

function rotation(change: Partial<Rotation> = {}): Rotation {
  return {
    tenantId: "default",
    id: "key_1",
    successor: { id: "key_2", hash: Buffer.of(7) },
    overlapMs: HOUR,
    ...change,
  };
}

/** What every database has to make of `ApiKeyStore`. */
export function apiKeyStoreContract(kind: DatabaseKind): void {
  describe(`API keys on ${kind.name}`, () => {
    test("come back as they were stored, with the database's time", async () => {
      const { database, clock } = await openStoreStage(kind);
      const keys = createApiKeyStore(database);
      await keys.create(newKey());
      expect(await keys.find("key_1")).toEqual({ ...KEY, ...UNUSED, createdAt: clock.now() });
      expect(await keys.find("key_none")).toBeNull();
    });

    test("are stored once, whoever else stores the same key", async () => {
      const { database } = await openStoreStage(kind);
      const keys = createApiKeyStore(database);
      const same = newKey();
      await Promise.all([keys.create(same), keys.create(same), keys.create(same)]);
      await keys.create({ ...same, name: "later" });
      expect(await keys.list("default")).toMatchObject([{ id: "key_1", name: "sync worker" }]);
    });

    test("are listed by id, revoked ones too, for their tenant only", async () => {
      const { database } = await openStoreStage(kind);
      const keys = createApiKeyStore(database);
      for (const id of ["key_2", "key_1"]) await keys.create(newKey({ id, scopes: ["admin"], expiresAt: null }));
      await keys.revoke("default", "key_1");
      expect((await keys.list("default")).map(({ id }) => id)).toEqual(["key_1", "key_2"]);
      expect(await keys.list("ten_other")).toEqual([]);
    });

    test("are revoked once, by their own tenant only, and keep when", async () => {
      const { database, clock } = await openStoreStage(kind);
      const keys = createApiKeyStore(database);
      await keys.create(newKey({ scopes: ["admin"] }));
      expect(await keys.revoke("ten_other", "key_1")).toBe(false);
      expect((await keys.find("key_1"))?.revokedAt).toBeNull();
      expect(await keys.revoke("default", "key_1")).toBe(true);
      const revokedAt = clock.now();
      await clock.advance(1000);
      expect(await keys.revoke("default", "key_1")).toBe(false);
      expect(await keys.revoke("default", "key_none")).toBe(false);
      expect((await keys.find("key_1"))?.revokedAt).toBe(revokedAt);
    });

    test("are rotated into one that has all they were given and lives as long from now on", async () => {
      const { database, clock } = await openStoreStage(kind);
      const keys = createApiKeyStore(database);
      const madeAt = clock.now();
      await keys.create(newKey({ expiresAt: madeAt + 30 * DAY }));
      await clock.advance(DAY);
      const now = clock.now();
      expect(await keys.rotate(rotation())).toBe(now + HOUR);
      const [old, successor] = [await keys.find("key_1"), await keys.find("key_2")];
      expect(old).toMatchObject({ expiresAt: now + HOUR, replacedBy: "key_2", replaces: null, createdAt: madeAt });
      const given = { id: "key_2", hash: Buffer.of(7), replaces: "key_1", createdAt: now, expiresAt: now + 30 * DAY };
      expect(successor).toEqual({ ...KEY, ...UNUSED, ...given });
    });

    test("without an end have a successor without one, and one that ends before the overlap ends then", async () => {
      const { database, clock } = await openStoreStage(kind);
      const keys = createApiKeyStore(database);
      await keys.create(newKey({ expiresAt: null }));
      await keys.rotate(rotation());
      expect(await keys.find("key_2")).toMatchObject({ expiresAt: null });
      const soon = clock.now() + 1000;
      await keys.create(newKey({ id: "key_3", expiresAt: soon }));
      expect(await keys.rotate(rotation({ id: "key_3", successor: { id: "key_4", hash: Buffer.of(7) } }))).toBe(soon);
    });

    test("have one successor, however many are asked for at once", async () => {
      const { database } = await openStoreStage(kind);
      const keys = createApiKeyStore(database);
      await keys.create(newKey({ expiresAt: null }));
      const successors = ["key_a", "key_b", "key_c"].map((id) => ({ id, hash: Buffer.of(7) }));
      const ends = await Promise.all(successors.map((successor) => keys.rotate(rotation({ successor }))));
      expect(ends.filter((end) => end !== null)).toHaveLength(1);
      expect(await keys.list("default")).toHaveLength(2);
    });

    test.each([
      ["of another tenant", {}, { tenantId: "ten_other" }],
      ["that has ended", { expiresAt: 99 }, {}],
      ["that nobody made", {}, { id: "key_none" }],
    ])("are not rotated when one is meant %s", async (_which, change, asked) => {
      const { database } = await openStoreStage(kind);
      const keys = createApiKeyStore(database);
      await keys.create(newKey({ expiresAt: null, ...change }));
      expect(await keys.rotate(rotation(asked))).toBeNull();
      expect(await keys.list("default")).toHaveLength(1);
    });

    test("are not rotated once they are revoked", async () => {
      const { database } = await openStoreStage(kind);
      const keys = createApiKeyStore(database);
      await keys.create(newKey({ expiresAt: null }));
      await keys.revoke("default", "key_1");
      expect(await keys.rotate(rotation())).toBeNull();
    });

    test("know when and from where they were used last, whoever tells it later", async () => {
      const { database, clock } = await openStoreStage(kind);
      const keys = createApiKeyStore(database);
      for (const id of ["key_1", "key_2"]) await keys.create(newKey({ id }));
      const now = clock.now();
      await keys.markUsed([
        { keyId: "key_2", agoMs: 30, from: null },
        { keyId: "key_1", agoMs: 20, from: "192.0.2.1" },
        { keyId: "key_none", agoMs: 20, from: "192.0.2.1" },
      ]);
      await keys.markUsed([{ keyId: "key_1", agoMs: 25, from: "192.0.2.2" }]);
      expect(await keys.find("key_1")).toMatchObject({ lastUsedAt: now - 20, lastUsedFrom: "192.0.2.1" });
      await keys.markUsed([{ keyId: "key_1", agoMs: 0, from: "192.0.2.3" }]);
      expect(await keys.find("key_1")).toMatchObject({ lastUsedAt: now, lastUsedFrom: "192.0.2.3" });
      expect(await keys.find("key_2")).toMatchObject({ lastUsedAt: now - 30, lastUsedFrom: null });
      await keys.markUsed([]);
    });

    test("of the environment are revoked by the next one, but not when they were rotated, and not others", async () => {
      const { database, clock } = await openStoreStage(kind);
      const keys = createApiKeyStore(database);
      for (const id of ["key_1", "key_3", "key_4", "key_5"]) await keys.create(newKey({ id, expiresAt: null }));
      const revoked = async () => (await keys.list("default")).filter((key) => key.revokedAt !== null);
      await keys.takeFromEnvironment("key_1");
      await keys.takeFromEnvironment("key_1");
      expect(await revoked()).toEqual([]);
      await keys.takeFromEnvironment("key_3");
      expect(await revoked()).toMatchObject([{ id: "key_1", revokedAt: clock.now() }]);
      await keys.rotate(rotation({ id: "key_3" }));
      await keys.takeFromEnvironment("key_4");
      await keys.takeFromEnvironment("key_5");
      expect((await revoked()).map(({ id }) => id)).toEqual(["key_1", "key_4"]);
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
