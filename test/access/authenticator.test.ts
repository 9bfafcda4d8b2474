import { crc32 } from "node:zlib";
import { describe, expect, test } from "vitest";
import { hashKey, mintKey, SCOPES, type Scope } from "../../src/access/api-key.ts";
import { createAuthenticator, mayCallFrom, permits, type Caller } from "../../src/access/authenticator.ts";
import type { ApiKeyStore } from "../../src/access/store.ts";
import { NO_LIMITS, type Tenant } from "../../src/access/tenant.ts";
import { secret } from "../../src/runtime/secret.ts";
import { createDeferred } from "../runtime/deferred.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { createSeededRandom } from "../stage/seeded-random.ts";
import { createMemoryApiKeys } from "./memory-api-keys.ts";
import { createMemoryTenants } from "./memory-tenants.ts";

const TRUST = 5000;
const pepper = secret<Uint8Array>(Buffer.alloc(32, 9));
const agentKey = secret<Uint8Array>(Buffer.alloc(32, 7));

/** An authenticator over a store with one key in it. */
async function setUp({
  expiresIn = null,
  decorate,
  allowedCidrs = [],
  tenant = {},
}: {
  expiresIn?: number | null;
  decorate?: (keys: ApiKeyStore) => ApiKeyStore;
  allowedCidrs?: string[];
  tenant?: Partial<Tenant>;
} = {}) {
  const clock = createManualClock();
  const keys = createMemoryApiKeys(clock);
  const { id, text } = mintKey("key", clock, createSeededRandom());
  const scopes: Scope[] = ["token:read"];
  const expiresAt = expiresIn === null ? null : clock.now() + expiresIn;
  const hash = hashKey(pepper, text.reveal());
  const given = { allowedCidrs, rateLimit: 7, replaces: null };
  await keys.create({ id, tenantId: "ten_1", name: "sync", scopes, hash, expiresAt, ...given });
  const tenants = createMemoryTenants(tenant);
  const authenticator = createAuthenticator({ keys: decorate?.(keys) ?? keys, tenants, pepper, agentKey, clock });
  const same = {
    tenantId: "ten_1",
    scopes: new Set(scopes),
    connections: null,
    allowedFrom: null,
    rateLimit: 7,
    expiresAt,
  };
  const caller = { keyId: id, ...same, limits: NO_LIMITS };
  return { clock, keys, id, text: text.reveal(), authenticator, caller };
}

/** The same id with another secret and a checksum that fits it. */
function forged(text: string): string {
  const start = `${text.slice(0, -51)}${"A".repeat(43)}`;
  return start + crc32(start).toString(16).padStart(8, "0");
}

function callerWith(...scopes: Scope[]): Caller {
  return {
    keyId: "key_1",
    tenantId: "ten_1",
    scopes: new Set(scopes),
    connections: null,
    expiresAt: null,
    allowedFrom: null,
    rateLimit: null,
    limits: NO_LIMITS,
  };
}

function refuse(): never {
  throw new Error("too many");
}

async function callerFrom(...allowedCidrs: string[]): Promise<Caller> {
  const { authenticator, text } = await setUp({ allowedCidrs });
  const caller = await authenticator.verify(text);
  if (!caller) throw new Error("refused");
  return caller;
}

describe("a key is verified", () => {
  test("by looking it up, and its caller is known", async () => {
    const { authenticator, text, caller, keys, id } = await setUp();
    expect(await authenticator.verify(text)).toEqual(caller);
    expect(keys.lookups).toEqual([id]);
  });

  test("and refused without a lookup when it is mistyped", async () => {
    const { authenticator, text, keys } = await setUp();
    const last = text.endsWith("0") ? "1" : "0";
    expect(await authenticator.verify(text.slice(0, -1) + last)).toBeNull();
    expect(await authenticator.verify("")).toBeNull();
    expect(keys.lookups).toEqual([]);
  });

  test("and refused when its secret is wrong, though its id and its checksum are right", async () => {
    const { authenticator, text, keys, id } = await setUp();
    expect(await authenticator.verify(forged(text))).toBeNull();
    expect(keys.lookups).toEqual([id]);
  });

  test("and refused when its secret is wrong, though the right one was just used", async () => {
    const { authenticator, text } = await setUp();
    await authenticator.verify(text);
    expect(await authenticator.verify(forged(text))).toBeNull();
    expect(authenticator.recall(forged(text))).toBeUndefined();
  });

  test("and refused when nobody made it", async () => {
    const { authenticator, clock } = await setUp();
    const stranger = mintKey("key", clock, createSeededRandom(99));
    expect(await authenticator.verify(stranger.text.reveal())).toBeNull();
  });

  test("and refused when another installation made it", async () => {
    const { keys, text, clock } = await setUp();
    const other = createAuthenticator({
      keys,
      tenants: createMemoryTenants(),
      pepper: secret<Uint8Array>(Buffer.alloc(32, 8)),
      agentKey,
      clock,
    });
    expect(await other.verify(text)).toBeNull();
  });

  test("and refused once its tenant is about to be deleted", async () => {
    const { authenticator, text } = await setUp({ tenant: { closedAt: 1 } });
    expect(await authenticator.verify(text)).toBeNull();
    expect(authenticator.recall(text)).toBeUndefined();
  });

  test("and brings the limits of its tenant", async () => {
    const limits = { ...NO_LIMITS, requestsPerMinute: 3 };
    const { authenticator, text } = await setUp({ tenant: { limits } });
    expect((await authenticator.verify(text))?.limits).toEqual(limits);
  });

  test("and refused once it has expired", async () => {
    const { authenticator, text, clock } = await setUp({ expiresIn: 60_000 });
    await clock.advance(60_000);
    expect(await authenticator.verify(text)).toBeNull();
  });

  test("and refused once it is revoked", async () => {
    const { authenticator, text, keys, id } = await setUp();
    await keys.revoke("ten_1", id);
    expect(await authenticator.verify(text)).toBeNull();
  });
});

describe("a verified key is trusted", () => {
  test("for 5 seconds without another lookup, and no longer", async () => {
    const { authenticator, text, caller, clock, keys } = await setUp();
    await authenticator.verify(text);
    await clock.advance(TRUST - 1);
    expect(authenticator.recall(text)).toEqual(caller);
    expect(await authenticator.verify(text)).toEqual(caller);
    expect(keys.lookups).toHaveLength(1);
    await clock.advance(1);
    expect(authenticator.recall(text)).toBeUndefined();
    expect(await authenticator.verify(text)).toEqual(caller);
    expect(keys.lookups).toHaveLength(2);
  });

  test("for no longer because it is used", async () => {
    const { authenticator, text, clock, keys, id } = await setUp();
    await authenticator.verify(text);
    await keys.revoke("ten_1", id);
    for (let second = 1; second < 5; second++) {
      await clock.advance(1000);
      expect(await authenticator.verify(text)).not.toBeNull();
    }
    await clock.advance(1000);
    expect(await authenticator.verify(text)).toBeNull();
  });

  test("not after it is forgotten, at once", async () => {
    const { authenticator, text, keys, id } = await setUp();
    await authenticator.verify(text);
    await keys.revoke("ten_1", id);
    authenticator.forget(id);
    expect(authenticator.recall(text)).toBeUndefined();
    expect(await authenticator.verify(text)).toBeNull();
  });

  test("though another key is forgotten", async () => {
    const { authenticator, text, caller } = await setUp();
    await authenticator.verify(text);
    authenticator.forget("key_other");
    expect(authenticator.recall(text)).toEqual(caller);
  });

  test("not when it is forgotten while it is being looked up", async () => {
    const found = createDeferred<void>();
    const decorate = (keys: ApiKeyStore): ApiKeyStore => ({
      ...keys,
      find: async (id) => {
        const key = await keys.find(id);
        await found.promise;
        return key;
      },
    });
    const { authenticator, text, keys, id } = await setUp({ decorate });
    const verifying = authenticator.verify(text);
    await keys.revoke("ten_1", id);
    authenticator.forget(id);
    const after = authenticator.verify(text);
    found.resolve();
    await verifying;
    expect(authenticator.recall(text)).toBeUndefined();
    expect(await after).toBeNull();
  });

  test("not beyond its end", async () => {
    const { authenticator, text, caller, clock } = await setUp({ expiresIn: 2000 });
    await authenticator.verify(text);
    await clock.advance(1999);
    expect(authenticator.recall(text)).toEqual(caller);
    await clock.advance(1);
    expect(authenticator.recall(text)).toBeUndefined();
    expect(await authenticator.verify(text)).toBeNull();
  });

  test("not before it was verified once", async () => {
    const { authenticator, text } = await setUp();
    expect(authenticator.recall(text)).toBeUndefined();
    expect(authenticator.recall("")).toBeUndefined();
  });
});

describe("a guess", () => {
  test("is a key that was not good when it was last looked up, and is told of before it is", async () => {
    const { authenticator, text, clock, keys, id } = await setUp();
    let guesses = 0;
    const verify = (key: string) => authenticator.verify(key, () => void guesses++);
    await verify(text);
    expect(guesses).toBe(1);
    await clock.advance(TRUST);
    await verify(text);
    await verify(forged(text));
    expect(guesses).toBe(2);
    await keys.revoke("ten_1", id);
    await clock.advance(TRUST);
    expect([await verify(text), guesses]).toEqual([null, 2]);
    expect([await verify(text), guesses]).toEqual([null, 3]);
  });

  test("that is refused costs no lookup", async () => {
    const { authenticator, text, keys } = await setUp();
    await expect(authenticator.verify(text, refuse)).rejects.toThrow("too many");
    expect(keys.lookups).toEqual([]);
    expect(await authenticator.verify(text)).not.toBeNull();
  });

  test("is one for many requests at once, and so is its lookup", async () => {
    const { authenticator, text, keys, caller } = await setUp();
    let guesses = 0;
    const callers = await Promise.all(
      Array.from({ length: 500 }, () => authenticator.verify(text, () => void guesses++)),
    );
    expect(callers).toEqual(Array(500).fill(caller));
    expect([guesses, keys.lookups.length]).toEqual([1, 1]);
  });
});

describe("a caller may call", () => {
  test("from anywhere with a key that names no addresses, known or not", async () => {
    const caller = await callerFrom();
    expect(["192.0.2.1", "2001:db8::1", null].map((from) => mayCallFrom(caller, from))).toEqual([true, true, true]);
  });

  test("from the addresses that its key names only", async () => {
    const caller = await callerFrom("10.0.0.0/8", "2001:db8::/32");
    const cases = ["10.1.2.3", "::ffff:10.1.2.3", "2001:db8:1::1", "11.0.0.1", "2001:db9::1", "::1", "nonsense", null];
    expect(cases.filter((from) => mayCallFrom(caller, from))).toEqual(cases.slice(0, 3));
  });

  test("from nowhere when what is stored cannot be read", async () => {
    const caller = await callerFrom("10.0.0.0/99");
    expect(mayCallFrom(caller, "10.0.0.1")).toBe(false);
  });
});

describe("a caller is permitted", () => {
  test("what its key has, and nothing else", () => {
    for (const scope of SCOPES) {
      expect(SCOPES.filter((other) => permits(callerWith(scope), other))).toEqual(scope === "admin" ? SCOPES : [scope]);
    }
  });

  test("nothing with a key without scopes", () => {
    expect(SCOPES.filter((scope) => permits(callerWith(), scope))).toEqual([]);
  });
});
