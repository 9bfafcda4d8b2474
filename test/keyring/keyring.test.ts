import { inspect } from "node:util";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tenantKeyAad } from "../../src/keyring/aad.ts";
import { openKeyring } from "../../src/keyring/keyring.ts";
import { recordKeyVersion, sealRecord } from "../../src/keyring/record.ts";
import { generateRootKey, parseRootKey, type RootKey } from "../../src/keyring/root-key.ts";
import type { SealAddress } from "../../src/runtime/sealer.ts";
import { secret } from "../../src/runtime/secret.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { createSeededRandom } from "../stage/seeded-random.ts";
import { createMemoryKeyStore, type MemoryKeyStore } from "./memory-key-store.ts";

const ADDRESS: SealAddress = { tenantId: "ten_1", recordId: "con_1", field: "refresh_token", generation: 3 };
const TOKEN = secret("rt-1");

function rootKey(seed: number): RootKey {
  const key = parseRootKey(generateRootKey(createSeededRandom(seed)).reveal());
  if (!key) throw new Error("no root key");
  return key;
}

const ROOT = rootKey(1);

function ring(keys: MemoryKeyStore, seed = 2, root = ROOT) {
  const roots = { primary: root, others: [] };
  return openKeyring({ keys, roots, random: createSeededRandom(seed), clock: createManualClock() });
}

/** A derived key of a keyring that is opened anew. */
async function derived(store: MemoryKeyStore, purpose: string, seed = 2): Promise<string> {
  const keyring = await ring(store, seed);
  return Buffer.from((await keyring.derive(purpose)).reveal()).toString("hex");
}

async function failureOf(work: Promise<unknown>): Promise<ServiceError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ServiceError)) throw new Error("expected a ServiceError");
  return error;
}

describe("a sealed value", () => {
  test("opens at its place, whatever it is", async () => {
    const keyring = await ring(createMemoryKeyStore());
    const property = fc.asyncProperty(fc.string({ unit: "grapheme" }), async (text) => {
      const sealed = await keyring.seal(ADDRESS, secret(text));
      expect((await keyring.open(ADDRESS, sealed)).reveal()).toBe(text);
    });
    await fc.assert(property);
  });

  test("holds nothing of its text", async () => {
    const sealed = await (await ring(createMemoryKeyStore())).seal(ADDRESS, secret("rt-sentinel-0a1b"));
    expect(Buffer.from(sealed).includes("sentinel")).toBe(false);
  });

  test("opens after the keyring was opened again", async () => {
    const store = createMemoryKeyStore();
    const sealed = await (await ring(store)).seal(ADDRESS, TOKEN);
    const reopened = await ring(store, 77);
    expect((await reopened.open(ADDRESS, sealed)).reveal()).toBe("rt-1");
    expect(store.attempts).toBe(2);
  });

  test.each<[string, Partial<SealAddress>]>([
    ["of another tenant", { tenantId: "ten_2" }],
    ["of another record", { recordId: "con_2" }],
    ["of another field", { field: "access_token" }],
    ["of an earlier generation", { generation: 2 }],
    ["of a later generation", { generation: 4 }],
  ])("does not open at the place %s", async (_where, change) => {
    const keyring = await ring(createMemoryKeyStore());
    const sealed = await keyring.seal(ADDRESS, TOKEN);
    await keyring.seal({ ...ADDRESS, ...change }, TOKEN);
    const failure = await failureOf(keyring.open({ ...ADDRESS, ...change }, sealed));
    expect(failure.code).toBe("key_unavailable");
    expect((await keyring.open(ADDRESS, sealed)).reveal()).toBe("rt-1");
  });

  test("does not open in another installation under the same root key", async () => {
    const sealed = await (await ring(createMemoryKeyStore("inst-1"))).seal(ADDRESS, TOKEN);
    const other = await ring(createMemoryKeyStore("inst-2"));
    await other.seal(ADDRESS, TOKEN);
    expect((await failureOf(other.open(ADDRESS, sealed))).code).toBe("key_unavailable");
  });

  test("does not open with a bit flipped anywhere, and the failure does not say what it held", async () => {
    const keyring = await ring(createMemoryKeyStore());
    const sealed = await keyring.seal(ADDRESS, TOKEN);
    const property = fc.asyncProperty(fc.nat(sealed.length * 8 - 1), async (bit) => {
      const other = Uint8Array.from(sealed, (byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      const failure = await failureOf(keyring.open(ADDRESS, other));
      expect(failure.code).toBe("key_unavailable");
      expect(inspect(failure)).not.toContain("rt-1");
    });
    await fc.assert(property);
  });

  test.each([
    ["nothing", new Uint8Array()],
    ["plain text", Buffer.from("rt-1")],
    ["zeroes", new Uint8Array(200)],
  ])("is not %s", async (_what, bytes) => {
    const keyring = await ring(createMemoryKeyStore());
    expect((await failureOf(keyring.open(ADDRESS, bytes))).code).toBe("key_unavailable");
  });
});

describe("a root key", () => {
  test("that did not seal the database is refused, with fingerprints and without keys", async () => {
    const store = createMemoryKeyStore();
    await (await ring(store)).seal(ADDRESS, TOKEN);
    const wrong = rootKey(9);
    const failure = await failureOf(ring(store, 2, wrong));
    expect(failure.code).toBe("key_unavailable");
    expect(failure.message).toContain(wrong.fingerprint);
    expect(failure.message).toContain(ROOT.fingerprint);
    for (const { bytes } of [wrong, ROOT]) {
      const key = Buffer.from(bytes.reveal());
      for (const form of ["hex", "base64url"] as const) expect(inspect(failure)).not.toContain(key.toString(form));
    }
  });

  test("that only claims the fingerprint of the right one is refused", async () => {
    const store = createMemoryKeyStore();
    await ring(store);
    const impostor = { bytes: rootKey(9).bytes, fingerprint: ROOT.fingerprint, kept: null };
    expect((await failureOf(ring(store, 2, impostor))).code).toBe("key_unavailable");
  });

  test("does not open a copy of the keys under another installation's name", async () => {
    const store = createMemoryKeyStore("inst-1");
    await ring(store);
    const copy = Object.assign(createMemoryKeyStore("inst-2"), { roots: store.roots, tenants: store.tenants });
    expect((await failureOf(ring(copy))).code).toBe("key_unavailable");
  });

  test("is noted once, however often the keyring is opened", async () => {
    const store = createMemoryKeyStore();
    for (let n = 0; n < 3; n++) await ring(store, n);
    expect(store.roots.map(({ fingerprint }) => fingerprint)).toEqual([ROOT.fingerprint]);
  });
});

describe("tenant keys", () => {
  test("are one a tenant, wrapped, and different", async () => {
    const store = createMemoryKeyStore();
    const keyring = await ring(store);
    for (const tenantId of ["ten_1", "ten_2", "ten_1"]) await keyring.seal({ ...ADDRESS, tenantId }, TOKEN);
    expect(store.tenants.map(({ tenantId, version }) => `${tenantId} ${version}`)).toEqual([
      "ten_1 0",
      "ten_1 1",
      "ten_2 0",
      "ten_2 1",
    ]);
    expect(store.tenants.map(({ rootFingerprint }) => rootFingerprint)).toEqual(Array(4).fill(ROOT.fingerprint));
  });

  test("are the same for two processes that make the first one at once", async () => {
    const store = createMemoryKeyStore();
    const [one, two] = await Promise.all([ring(store, 2), ring(store, 3)]);
    const sealed = await Promise.all([one.seal(ADDRESS, TOKEN), two.seal(ADDRESS, TOKEN)]);
    expect([store.attempts, store.tenants.length]).toEqual([4, 2]);
    const texts = await Promise.all(sealed.flatMap((record) => [one, two].map((r) => r.open(ADDRESS, record))));
    expect(texts.map((text) => text.reveal())).toEqual(Array(4).fill("rt-1"));
  });

  test("of a newer version, made by another process, are found when a record needs them", async () => {
    const store = createMemoryKeyStore();
    const old = await ring(store);
    const before = await old.seal(ADDRESS, TOKEN);
    const random = createSeededRandom(5);
    const aad = tenantKeyAad("inst-1", "ten_1", 2);
    const wrapped = sealRecord({ bytes: ROOT.bytes.reveal(), version: 0 }, aad, random.bytes(32), random);
    await store.addTenantKey({ tenantId: "ten_1", version: 2, wrapped, rootFingerprint: ROOT.fingerprint });
    const current = await ring(store, 4);
    const after = await current.seal(ADDRESS, TOKEN);
    expect([recordKeyVersion(before), recordKeyVersion(after)]).toEqual([1, 2]);
    expect((await old.open(ADDRESS, after)).reveal()).toBe("rt-1");
    expect((await current.open(ADDRESS, before)).reveal()).toBe("rt-1");
  });

  test("cannot be given to another tenant or another version", async () => {
    for (const change of [{ tenantId: "ten_2" }, { version: 2 }]) {
      const store = createMemoryKeyStore();
      const sealed = await (await ring(store)).seal(ADDRESS, TOKEN);
      store.tenants = store.tenants.map((key) => ({ ...key, ...change }));
      const address = { ...ADDRESS, tenantId: "tenantId" in change ? "ten_2" : "ten_1" };
      expect((await failureOf((await ring(store)).open(address, sealed))).code).toBe("key_unavailable");
    }
  });

  test("that are deleted leave nothing that can be opened", async () => {
    const store = createMemoryKeyStore();
    const sealed = await (await ring(store)).seal(ADDRESS, TOKEN);
    store.tenants = [];
    expect((await failureOf((await ring(store)).open(ADDRESS, sealed))).code).toBe("key_unavailable");
  });
});

describe("a derived key", () => {
  test("is the same at every start, and another one for each purpose and installation", async () => {
    const store = createMemoryKeyStore();
    const key = await derived(store, "links");
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    expect(await derived(store, "links", 88)).toBe(key);
    expect(await derived(store, "api-keys")).not.toBe(key);
    expect(await derived(createMemoryKeyStore("inst-2"), "links")).not.toBe(key);
  });

  test("is the same for two processes that ask for the first one at once", async () => {
    const store = createMemoryKeyStore();
    const [one, two] = await Promise.all([derived(store, "links", 2), derived(store, "links", 3)]);
    expect(one).toBe(two);
  });
});
