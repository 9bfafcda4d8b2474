import { describe, expect, test } from "vitest";
import { openKeyring } from "../../src/keyring/keyring.ts";
import { recordKeyVersion } from "../../src/keyring/record.ts";
import { generateRootKey, parseRootKey, type RootKey } from "../../src/keyring/root-key.ts";
import { KEYS_RECENT } from "../../src/keyring/tenant-keys.ts";
import type { SealAddress } from "../../src/runtime/sealer.ts";
import { secret } from "../../src/runtime/secret.ts";
import { codeOf, ServiceError } from "../../src/runtime/service-error.ts";
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

const [OLD, NEW] = [rootKey(1), rootKey(2)];

interface Options {
  primary?: RootKey;
  others?: readonly RootKey[];
  seed?: number;
}

async function open(keys: MemoryKeyStore, { primary = OLD, others = [], seed = 3 }: Options = {}) {
  const clock = createManualClock();
  const keyring = await openKeyring({ keys, roots: { primary, others }, random: createSeededRandom(seed), clock });
  return { ...keyring, clock };
}

function failureOf(work: Promise<unknown>): Promise<string> {
  return work.then(() => "none", codeOf);
}

describe("a new root key", () => {
  test("opens everything once it is primary beside the old one, and alone once everything is wrapped with it", async () => {
    const store = createMemoryKeyStore();
    const before = await open(store);
    const sealed = await before.seal(ADDRESS, TOKEN);
    const link = (await before.derive("links")).reveal();
    const both = await open(store, { primary: NEW, others: [OLD] });
    expect((await both.open(ADDRESS, sealed)).reveal()).toBe("rt-1");
    expect(await both.rewrapAll()).toBe(4);
    expect(await both.rewrapAll()).toBe(0);
    expect(await store.wrappedBy()).toEqual(new Map([[NEW.fingerprint, 4]]));
    await store.forgetRootKeysBut(NEW.fingerprint);
    const alone = await open(store, { primary: NEW });
    expect((await alone.open(ADDRESS, sealed)).reveal()).toBe("rt-1");
    expect((await alone.derive("links")).reveal()).toEqual(link);
    expect(await failureOf(open(store))).toBe("key_unavailable");
  });

  test("alone, before anything is wrapped with it, is refused like any other", async () => {
    const store = createMemoryKeyStore();
    await (await open(store)).seal(ADDRESS, TOKEN);
    expect(await failureOf(open(store, { primary: NEW }))).toBe("key_unavailable");
    expect(await failureOf(open(store, { primary: NEW, others: [rootKey(9)] }))).toBe("key_unavailable");
    expect(store.roots).toHaveLength(1);
  });

  test("that wraps half of the keys needs the other for the rest, which is said by its fingerprint", async () => {
    const store = createMemoryKeyStore();
    const sealed = await (await open(store)).seal(ADDRESS, TOKEN);
    await (await open(store, { primary: NEW, others: [OLD] })).seal({ ...ADDRESS, tenantId: "ten_2" }, TOKEN);
    const alone = await open(store, { primary: NEW });
    await alone.seal({ ...ADDRESS, tenantId: "ten_2" }, TOKEN);
    await expect(alone.open(ADDRESS, sealed)).rejects.toThrow(OLD.fingerprint);
    // Who still has the old one only goes on with what that wraps.
    const behind = await open(store);
    expect((await behind.open(ADDRESS, sealed)).reveal()).toBe("rt-1");
    expect(await failureOf(behind.seal({ ...ADDRESS, tenantId: "ten_2" }, TOKEN))).toBe("key_unavailable");
  });
});

describe("a new version of a tenant's key", () => {
  test("seals from now on, opens what was sealed before, and changes no name", async () => {
    const store = createMemoryKeyStore();
    const keyring = await open(store);
    const before = await keyring.seal(ADDRESS, TOKEN);
    const [name, link] = [await keyring.name("ten_1", TOKEN), await keyring.derive("links")];
    expect(await keyring.rotate("ten_1")).toBe(2);
    const after = await keyring.seal(ADDRESS, TOKEN);
    expect([before, after].map(recordKeyVersion)).toEqual([1, 2]);
    for (const sealed of [before, after]) expect((await keyring.open(ADDRESS, sealed)).reveal()).toBe("rt-1");
    expect(await keyring.name("ten_1", TOKEN)).toBe(name);
    expect((await keyring.derive("links")).reveal()).toEqual(link.reveal());
    expect(await keyring.rotate("installation")).toBe(2);
    expect((await (await open(store)).derive("links")).reveal()).toEqual(link.reveal());
  });

  test("is one, when two instances make it at once", async () => {
    const store = createMemoryKeyStore();
    const [one, two] = [await open(store, { seed: 4 }), await open(store, { seed: 5 })];
    await one.seal(ADDRESS, TOKEN);
    expect(await Promise.all([one.rotate("ten_1"), two.rotate("ten_1")])).toEqual([2, 2]);
    const sealed = await Promise.all([one.seal(ADDRESS, TOKEN), two.seal(ADDRESS, TOKEN)]);
    for (const record of sealed) expect((await two.open(ADDRESS, record)).reveal()).toBe("rt-1");
  });

  test("is known to another instance before it opens a refresh token, so that the answer is sealed with it", async () => {
    const store = createMemoryKeyStore();
    const [one, two] = [await open(store), await open(store)];
    const sealed = await two.seal(ADDRESS, TOKEN);
    await one.rotate("ten_1");
    await two.clock.advance(KEYS_RECENT);
    await two.open(ADDRESS, sealed);
    expect(recordKeyVersion(await two.seal(ADDRESS, TOKEN))).toBe(2);
  });

  test("costs a look at most every few seconds", async () => {
    const store = createMemoryKeyStore();
    const keyring = await open(store);
    const sealed = await keyring.seal(ADDRESS, TOKEN);
    const reads = store.reads;
    for (let count = 0; count < 100; count++) await keyring.open(ADDRESS, sealed);
    expect(store.reads).toBe(reads);
    await keyring.clock.advance(KEYS_RECENT);
    for (let count = 0; count < 100; count++) await keyring.open(ADDRESS, sealed);
    expect(store.reads).toBe(reads + 1);
  });
});

test("a database that is down keeps nobody from sealing what was received, nor from opening what is known", async () => {
  const store = createMemoryKeyStore();
  const keyring = await open(store);
  const sealed = await keyring.seal(ADDRESS, TOKEN);
  store.failure = new ServiceError("store_unavailable", "The database is down.");
  await keyring.clock.advance(10 * KEYS_RECENT);
  expect((await keyring.open(ADDRESS, sealed)).reveal()).toBe("rt-1");
  const reads = store.reads;
  expect((await keyring.open(ADDRESS, await keyring.seal(ADDRESS, TOKEN))).reveal()).toBe("rt-1");
  expect(store.reads).toBe(reads);
  expect(await failureOf(keyring.seal({ ...ADDRESS, tenantId: "ten_2" }, TOKEN))).toBe("store_unavailable");
});

test("what earlier versions named with the first key of a tenant keeps its name", async () => {
  const store = createMemoryKeyStore();
  const now = await open(store);
  const name = await now.name("ten_1", TOKEN);
  // Earlier versions had no key for names.
  const sealing = store.tenants.find(({ version }) => version === 1);
  const first = await open(
    Object.assign(createMemoryKeyStore(), { roots: store.roots, tenants: sealing ? [sealing] : [] }),
  );
  const old = await first.name("ten_1", TOKEN);
  expect(old).not.toBe(name);
  await first.rotate("ten_1");
  expect(await first.name("ten_1", TOKEN)).toBe(old);
});

describe("values that are sealed anew", () => {
  test("have the newest key and say the same; what cannot be opened is null in its place", async () => {
    const keyring = await open(createMemoryKeyStore());
    const other = { ...ADDRESS, recordId: "con_2" };
    const sealed = [await keyring.seal(ADDRESS, TOKEN), await keyring.seal(other, secret("rt-2 ü"))];
    await keyring.rotate("ten_1");
    const [first, misplaced, second, damaged] = await keyring.reseal("ten_1", [
      { address: ADDRESS, sealed: sealed[0] ?? new Uint8Array() },
      { address: other, sealed: sealed[0] ?? new Uint8Array() },
      { address: other, sealed: sealed[1] ?? new Uint8Array() },
      { address: other, sealed: Buffer.of(1, 2, 3) },
    ]);
    if (!first || !second) throw new Error("Nothing was sealed.");
    expect([misplaced, damaged]).toEqual([null, null]);
    expect([first, second].map(recordKeyVersion)).toEqual([2, 2]);
    expect((await keyring.open(ADDRESS, first)).reveal()).toBe("rt-1");
    expect((await keyring.open(other, second)).reveal()).toBe("rt-2 ü");
    // Each has a salt of its own: two records never share a key and its zero nonce.
    const salts = [first, second].map((record) => Buffer.from(record.subarray(9, 41)).toString("hex"));
    expect(new Set(salts).size).toBe(2);
  });
});

test("keys that another instance has shredded seal nothing more, once somebody has tried to open with them", async () => {
  const store = createMemoryKeyStore();
  const keyring = await open(store);
  const sealed = await keyring.seal(ADDRESS, TOKEN);
  await store.shred("ten_1");
  store.addTenantKey = () => Promise.resolve();
  await keyring.clock.advance(KEYS_RECENT);
  expect(await failureOf(keyring.open(ADDRESS, sealed))).toBe("key_unavailable");
  expect(await failureOf(keyring.seal(ADDRESS, TOKEN))).toBe("key_unavailable");
});
