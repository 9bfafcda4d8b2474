import { describe, expect, test } from "vitest";
import { hashKey, mintKey } from "../../src/access/api-key.ts";
import type { Caller } from "../../src/access/authenticator.ts";
import { createRedemption } from "../../src/access/redemption.ts";
import { NO_LIMITS } from "../../src/access/tenant.ts";
import {
  mintVirtualRefreshToken,
  readVirtualRefreshTokenId,
  type VirtualRefreshToken,
} from "../../src/access/virtual-refresh-token.ts";
import { isId } from "../../src/runtime/id.ts";
import { secret } from "../../src/runtime/secret.ts";
import { ServiceError } from "../../src/runtime/service-error.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { createSeededRandom } from "../stage/seeded-random.ts";

const pepper = secret<Uint8Array>(Buffer.alloc(32, 9));
const clock = createManualClock();
const random = createSeededRandom(3);
const { id, text: hidden } = mintVirtualRefreshToken(clock, random);
const TEXT = hidden.reveal();
const HOME = "192.0.2.1";

const TOKEN: VirtualRefreshToken = {
  id,
  tenantId: "ten_1",
  connectionId: "con_1",
  name: null,
  hash: hashKey(pepper, TEXT),
  createdBy: "key_1",
  createdAt: 0,
  expiresAt: null,
  revokedAt: null,
  lastUsedAt: null,
  lastUsedFrom: null,
};

const CALLER: Caller = {
  keyId: "key_1",
  tenantId: "ten_1",
  scopes: new Set(["token:read"]),
  connections: null,
  expiresAt: null,
  allowedFrom: null,
  rateLimit: null,
  limits: NO_LIMITS,
};

function setUp(changes: Partial<VirtualRefreshToken> = {}) {
  const stored = { ...TOKEN, ...changes };
  const seen = { lookups: 0, guesses: 0, noted: [] as unknown[], isLocked: false };
  const redeem = createRedemption({
    virtualRefreshTokens: {
      find: (wanted) => {
        seen.lookups++;
        return Promise.resolve(wanted === stored.id ? stored : null);
      },
    },
    admission: {
      guess: (_from, lookUp) => {
        seen.guesses++;
        return seen.isLocked ? Promise.reject(new ServiceError("rate_limited", "Too many.")) : lookUp();
      },
    },
    uses: { note: (...use) => void seen.noted.push(use) },
    pepper,
    clock,
  });
  const show = (text = TEXT, caller: Partial<Caller> = {}) =>
    redeem({ text, caller: { ...CALLER, ...caller }, from: HOME });
  return { seen, stored, show };
}

test("a virtual refresh token names its kind and its id, and no API key is one", () => {
  expect(isId("vrt", id)).toBe(true);
  expect(TEXT).toMatch(new RegExp(`^eg_vrt_${id.slice(4)}_[A-Za-z0-9_-]{43}[0-9a-f]{8}$`));
  expect(readVirtualRefreshTokenId(TEXT)).toBe(id);
  expect(readVirtualRefreshTokenId(`${TEXT.slice(0, -1)}x`)).toBeNull();
  expect(readVirtualRefreshTokenId(mintKey("key", clock, random).text.reveal())).toBeNull();
});

describe("redeeming", () => {
  test("finds the token for its tenant, and notes the use", async () => {
    const { seen, show } = setUp();
    expect(await show()).toEqual(TOKEN);
    expect(await show(TEXT, { connections: new Set(["con_1", "con_2"]) })).toEqual(TOKEN);
    expect(seen.noted).toEqual([id, id].map((used) => [used, HOME]));
  });

  test.each<[string, Partial<VirtualRefreshToken>, Partial<Caller>]>([
    ["another tenant", {}, { tenantId: "ten_2" }],
    ["a caller that reaches other connections only", {}, { connections: new Set(["con_2"]) }],
    ["nobody once it is revoked", { revokedAt: 1 }, {}],
    ["nobody at its end", { expiresAt: clock.now() }, {}],
    ["nobody whose secret is another", { hash: hashKey(pepper, "another") }, {}],
    ["nobody when there is none", { id: "vrt_none" }, {}],
  ])("finds none for %s", async (_whom, changes, caller) => {
    const { seen, show } = setUp(changes);
    expect(await show(TEXT, caller)).toBeNull();
    expect(seen.noted).toEqual([]);
  });

  test("what is malformed costs no lookup, and is a guess", async () => {
    const { seen, show } = setUp();
    expect(await show(`${TEXT}0`)).toBeNull();
    expect(seen).toMatchObject({ lookups: 0, guesses: 1 });
  });

  test("one that was good the last time is looked up, but no guess, until it is refused", async () => {
    const { seen, stored, show } = setUp();
    await show();
    seen.isLocked = true;
    expect(await Promise.all([show(), show()])).toEqual([TOKEN, TOKEN]);
    expect(seen).toMatchObject({ lookups: 3, guesses: 1 });
    stored.revokedAt = 1;
    expect(await show()).toBeNull();
    await expect(show()).rejects.toMatchObject({ code: "rate_limited" });
    expect(seen).toMatchObject({ lookups: 4, guesses: 2 });
  });
});
