import { crc32 } from "node:zlib";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  looksLikeAgentToken,
  MOST_CONNECTIONS,
  readAgentToken,
  writeAgentToken,
} from "../../src/access/agent-token.ts";
import { hashKey, mintKey, readKeyId } from "../../src/access/api-key.ts";
import { createAuthenticator } from "../../src/access/authenticator.ts";
import { NO_LIMITS, type Tenant } from "../../src/access/tenant.ts";
import { createId } from "../../src/runtime/id.ts";
import { secret } from "../../src/runtime/secret.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { createSeededRandom } from "../stage/seeded-random.ts";
import { createMemoryApiKeys } from "./memory-api-keys.ts";
import { createMemoryTenants } from "./memory-tenants.ts";

const key = secret<Uint8Array>(Buffer.alloc(32, 7));
const clock = createManualClock();

function claims(count: number, seed = 1) {
  const random = createSeededRandom(seed);
  return {
    keyId: createId("key", clock, random),
    connections: Array.from({ length: count }, () => createId("con", clock, random)),
    expiresAt: 1_800_000_000_000,
  };
}

/** With another text in it, and a checksum that fits. */
function changed(text: string, from: string, to: string): string {
  const start = text.slice(0, -8).replace(from, to);
  return start + crc32(start).toString(16).padStart(8, "0");
}

/** An id without its prefix. */
function bare(id = ""): string {
  return id.slice(4);
}

describe("an agent token", () => {
  test("is read back as it was written, for any connections and any time, and fits into a header", () => {
    const seconds = fc.integer({ min: 1, max: 99_999_999_999 });
    const property = fc.property(
      fc.integer(),
      fc.integer({ min: 1, max: MOST_CONNECTIONS }),
      seconds,
      (seed, n, at) => {
        const token = { ...claims(n, seed), expiresAt: at * 1000 };
        const text = writeAgentToken(key, token).reveal();
        expect(readAgentToken(key, text)).toEqual(token);
        expect([looksLikeAgentToken(text), readKeyId(text)]).toEqual([true, null]);
        expect(text).toMatch(/^[\w-]{100,1500}$/);
      },
    );
    fc.assert(property);
  });

  test("ends at a whole second, and prints as nothing", () => {
    const text = writeAgentToken(key, { ...claims(1), expiresAt: 1_999 });
    expect(readAgentToken(key, text.reveal())?.expiresAt).toBe(1000);
    expect(String(text)).toBe("[secret]");
  });

  test("is none once anything in it was changed, with whatever checksum", () => {
    const token = claims(2);
    const text = writeAgentToken(key, token).reveal();
    const { keyId, connections } = claims(2, 2);
    const forged = [
      changed(text, bare(token.keyId), bare(keyId)),
      changed(text, bare(token.connections[1]), bare(connections[1])),
      changed(text, bare(token.connections[1]), ""),
      changed(text, bare(token.connections[1]), bare(token.connections[1]) + bare(connections[1])),
      changed(text, (1_800_000_000).toString(36), (1_900_000_000).toString(36)),
      changed(text, text.slice(-51, -8), "A".repeat(43)),
      changed(text, text.slice(-51, -8), text.slice(-51, -9)),
      text.slice(0, -1) + (text.endsWith("0") ? "1" : "0"),
      `${text}0`,
      text.toUpperCase(),
      "",
    ];
    for (const each of forged) expect([each, readAgentToken(key, each)]).toEqual([each, null]);
    expect(readAgentToken(secret<Uint8Array>(Buffer.alloc(32, 8)), text)).toBeNull();
  });
});

/** Who an authenticator says calls, with tokens of the one key that its store has. */
async function setUp({ keyEnds = null, tenant = {} }: { keyEnds?: number | null; tenant?: Partial<Tenant> } = {}) {
  const time = createManualClock();
  const keys = createMemoryApiKeys(time);
  const pepper = secret<Uint8Array>(Buffer.alloc(32, 9));
  const { id, text } = mintKey("admin", time, createSeededRandom());
  const given = { name: "x", hash: hashKey(pepper, text.reveal()), allowedCidrs: [], rateLimit: 7, replaces: null };
  const expiresAt = keyEnds === null ? null : time.now() + keyEnds;
  await keys.create({ id, tenantId: "ten_1", scopes: ["admin"], expiresAt, ...given });
  const tenants = createMemoryTenants(tenant);
  const authenticator = createAuthenticator({ keys, tenants, pepper, agentKey: key, clock: time });
  const { connections } = claims(2);
  const tokenOf = (life: number, signingKey = key) =>
    writeAgentToken(signingKey, { keyId: id, connections, expiresAt: time.now() + life }).reveal();
  return { authenticator, clock: time, keys, id, connections, tokenOf };
}

describe("whoever has an agent token", () => {
  test("calls as its key does, for its connections, until its end, and costs no more lookups than the key", async () => {
    const { authenticator, clock: time, keys, id, connections, tokenOf } = await setUp();
    const text = tokenOf(8000);
    const caller = {
      keyId: id,
      tenantId: "ten_1",
      scopes: new Set(["token:read"]),
      connections: new Set(connections),
      expiresAt: time.now() + 8000,
      allowedFrom: null,
      rateLimit: 7,
      limits: NO_LIMITS,
    };
    expect(await authenticator.verify(text)).toEqual(caller);
    expect(authenticator.recall(text)).toEqual(caller);
    await time.advance(5000);
    expect(await authenticator.verify(text)).toEqual(caller);
    expect(keys.lookups).toEqual([id, id]);
    await time.advance(3000);
    expect(authenticator.recall(text)).toBeUndefined();
    expect(await authenticator.verify(text)).toBeNull();
    expect(keys.lookups).toEqual([id, id]);
  });

  test("is nobody once the key is revoked, is over, or its tenant is closed", async () => {
    const revoked = await setUp();
    const text = revoked.tokenOf(60_000);
    await revoked.authenticator.verify(text);
    await revoked.keys.revoke("ten_1", revoked.id);
    revoked.authenticator.forget(revoked.id);
    expect(revoked.authenticator.recall(text)).toBeUndefined();
    expect(await revoked.authenticator.verify(text)).toBeNull();

    const over = await setUp({ keyEnds: 2000 });
    const longer = over.tokenOf(60_000);
    expect(await over.authenticator.verify(longer)).toMatchObject({ expiresAt: over.clock.now() + 2000 });
    await over.clock.advance(2000);
    expect(over.authenticator.recall(longer)).toBeUndefined();
    expect(await over.authenticator.verify(longer)).toBeNull();

    const closed = await setUp({ tenant: { closedAt: 1 } });
    expect(await closed.authenticator.verify(closed.tokenOf(60_000))).toBeNull();
  });

  test("that another key has signed is nobody, which costs no lookup", async () => {
    const { authenticator, keys, tokenOf } = await setUp();
    const text = tokenOf(60_000, secret<Uint8Array>(Buffer.alloc(32, 8)));
    expect(await authenticator.verify(text)).toBeNull();
    expect(keys.lookups).toEqual([]);
  });
});
