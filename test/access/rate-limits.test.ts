import { expect, test } from "vitest";
import type { Caller } from "../../src/access/authenticator.ts";
import { NO_LIMITS } from "../../src/access/tenant.ts";
import { createRateLimits } from "../../src/access/rate-limits.ts";
import { createManualClock } from "../stage/manual-clock.ts";

function caller(keyId: string, rateLimit: number | null = null): Caller {
  return {
    keyId,
    tenantId: "ten_1",
    scopes: new Set(),
    connections: null,
    expiresAt: null,
    allowedFrom: null,
    rateLimit,
    limits: NO_LIMITS,
  };
}

function limited(keyId: string): Caller {
  return { ...caller(keyId), limits: { ...NO_LIMITS, requestsPerMinute: 6 } };
}

function setUp(perSecond: number) {
  const clock = createManualClock();
  const limits = createRateLimits(clock, perSecond);
  const taken = (who: Caller, tries: number) =>
    Array.from({ length: tries }, () => limits.take(who)).filter((wait) => wait === 0).length;
  return { clock, limits, taken };
}

test("a key may make two seconds' worth at once, and one that has a limit of its own as many as that", () => {
  const { taken } = setUp(10);
  expect(taken(caller("key_1"), 100)).toBe(20);
  expect(taken(caller("key_2"), 100)).toBe(20);
  expect(taken(caller("key_slow", 1), 100)).toBe(2);
  expect(taken(caller("key_fast", 40), 100)).toBe(80);
});

test("all keys of a tenant together may make as many as ten", async () => {
  const { clock, taken } = setUp(10);
  const all = () => Array.from({ length: 15 }, (_, index) => taken(caller(`key_${index}`), 20));
  expect(all().reduce((sum, count) => sum + count)).toBe(200);
  // What the tenant's limit refused, the key did not spend.
  await clock.advance(100);
  expect(taken(caller("key_14"), 20)).toBe(10);
  expect(taken({ ...caller("key_of_another"), tenantId: "ten_2" }, 20)).toBe(20);
});

test("both limits are told as they stand", () => {
  const { limits, taken } = setUp(10);
  taken(caller("key_1"), 5);
  expect(limits.of(caller("key_1"))).toEqual([
    { name: "key", perSecond: 10, burst: 20, remaining: 15, fullInMs: 500 },
    { name: "tenant", perSecond: 100, burst: 200, remaining: 195, fullInMs: 50 },
  ]);
});

test("a tenant with a limit of its own may make a minute's worth at once, over all its keys, and then as they come back", async () => {
  const { clock, limits, taken } = setUp(10);
  expect([taken(limited("key_1"), 4), taken(limited("key_2"), 10)]).toEqual([4, 2]);
  expect(limits.of(limited("key_2"))[1]).toEqual({
    name: "tenant",
    perSecond: 0.1,
    burst: 6,
    remaining: 0,
    fullInMs: 60_000,
  });
  await clock.advance(10_000);
  expect(taken(limited("key_1"), 10)).toBe(1);
});
