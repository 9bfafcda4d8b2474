import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Connection, RefreshPolicy } from "../../src/connection/connection.ts";
import type { Snapshot } from "../../src/connection/store.ts";
import { isEager, isLapsing, nextDueAt, restingUntil } from "../../src/refresh/keep-alive.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { providerSchema, type Provider } from "../../src/provider/provider.ts";
import { fixedRandom } from "../stage/fixed-random.ts";
import { AT_REST, tokenRecord } from "../stage/store-stage.ts";
import { newConnection } from "../stage/world.ts";

const NOW = 100 * DAY;

type Lives = Parameters<typeof nextDueAt>[0]["tokens"];

function connection(changes: Partial<Connection> = {}): Connection {
  const base = newConnection("con_1", { id: "cli_1", providerId: "p" });
  const lack = { requiredScopes: [], missingScopes: [], claims: null };
  return {
    ...base,
    ...lack,
    createdAt: 0,
    statusSince: 0,
    lastReadAt: null,
    linkEpoch: 0,
    isImported: false,
    ...changes,
  };
}

function provider(idleMs: number | null = null): Provider {
  return providerSchema.parse({
    id: "p",
    name: "p",
    authorization_url: "https://p.example/authorize",
    token_url: "https://p.example/token",
    lifetimes: { access_seconds: null, idle_seconds: idleMs && idleMs / SECOND, absolute_seconds: null },
  });
}

const HOUR_LONG: Lives = { obtainedAt: NOW, expiresAt: NOW + HOUR, refreshExpiresAt: null };
const ENDLESS: Lives = { obtainedAt: NOW, expiresAt: null, refreshExpiresAt: null };

function next(tokens: Lives, eager: boolean, idleMs: number | null = null) {
  return nextDueAt({ tokens, provider: provider(idleMs), eager, end: null }, fixedRandom(0));
}

describe("a connection is refreshed ahead of every expiry", () => {
  test.each<[RefreshPolicy, boolean, boolean]>([
    ["eager", true, true],
    ["adaptive", true, false],
    ["on_demand", false, false],
  ])("under %s: %s while it is in use, %s when it is not", (policy, inUse, idle) => {
    expect(isEager(connection({ policy, lastReadAt: NOW - HOUR }), NOW)).toBe(inUse);
    expect(isEager(connection({ policy, lastReadAt: NOW - 2 * DAY }), NOW)).toBe(idle);
  });

  test.each(["lastReadAt", "createdAt", "consentedAt"] as const)("within a day of its %s, and no longer", (event) => {
    expect(isEager(connection({ [event]: NOW - DAY + 1 }), NOW)).toBe(true);
    expect(isEager(connection({ [event]: NOW - DAY }), NOW)).toBe(false);
  });
});

describe("the next refresh", () => {
  test("of a connection in use is ahead of the access token's end", () => {
    expect(next(HOUR_LONG, true)).toBe(NOW + 50 * MINUTE);
  });

  test("of one that nobody reads is at half of the refresh token's idle life", () => {
    expect(next(HOUR_LONG, false, 90 * DAY)).toBe(NOW + 45 * DAY);
  });

  test("is after two days where nobody knows how long an unused refresh token lives", () => {
    expect(next(HOUR_LONG, false)).toBe(NOW + 2 * DAY);
  });

  test("is sooner when the refresh token ends sooner", () => {
    expect(next({ ...HOUR_LONG, refreshExpiresAt: NOW + 10 * HOUR }, false, 90 * DAY)).toBe(NOW + 5 * HOUR);
  });

  test("of a connection in use is sooner as well, if its refresh token would lapse before", () => {
    expect(next(HOUR_LONG, true, HOUR)).toBe(NOW + 30 * MINUTE);
  });

  test("of an access token without an end is at half of the idle life, if that is known", () => {
    expect(next(ENDLESS, true, 90 * DAY)).toBe(NOW + 45 * DAY);
    expect(next(ENDLESS, true)).toBeNull();
    expect(next(ENDLESS, false)).toBeNull();
  });

  test("is never before the token set was obtained, whatever the provider once said of the refresh token's end", () => {
    const time = fc.integer({ min: 0, max: 2 * NOW });
    fc.assert(
      fc.property(time, time, fc.boolean(), (obtainedAt, refreshExpiresAt, eager) => {
        const due = next({ obtainedAt, expiresAt: obtainedAt + HOUR, refreshExpiresAt }, eager, 90 * DAY) ?? 0;
        expect(due).toBeGreaterThanOrEqual(obtainedAt);
        expect(due).toSatisfy(Number.isInteger);
      }),
    );
  });
});

function snapshot(changes: Partial<Connection>, tokens: Partial<Lives> = {}): Snapshot {
  const lease = { ...AT_REST, epoch: 0 };
  return {
    connection: connection(changes),
    tokens: { ...tokenRecord(1), ...HOUR_LONG, ...tokens },
    lease,
    hasBetterSpare: false,
    clientProbeAt: null,
  };
}

describe("a connection that is due rests", () => {
  test("until half of the idle life is over, when nobody reads it", () => {
    const held = snapshot({ policy: "on_demand" });
    expect(restingUntil(held, { provider: provider(4 * DAY), end: null }, NOW + HOUR)).toBe(NOW + 2 * DAY);
    expect(restingUntil(held, { provider: provider(4 * DAY), end: null }, NOW + 2 * DAY - 1)).toBe(NOW + 2 * DAY);
    expect(restingUntil(held, { provider: provider(4 * DAY), end: null }, NOW + 2 * DAY)).toBeNull();
  });

  test("not at all when it is in use", () => {
    expect(restingUntil(snapshot({ policy: "eager" }), { provider: provider(), end: null }, NOW + HOUR)).toBeNull();
    expect(restingUntil(snapshot({ lastReadAt: NOW }), { provider: provider(), end: null }, NOW + HOUR)).toBeNull();
  });
});

describe("a refresh token lapses soon", () => {
  test.each([
    ["when its idle life ends within a day", 10 * DAY, null, NOW + 9 * DAY + 1, true],
    ["not when there is more than a day", 10 * DAY, null, NOW + 9 * DAY, false],
    ["when the provider has said so", null, NOW + HOUR, NOW, true],
    ["not when neither is known", null, null, NOW + 1000 * DAY, false],
  ])("%s", (_, idleMs, refreshExpiresAt, now, lapsing) => {
    expect(isLapsing(snapshot({}, { refreshExpiresAt }), provider(idleMs), now)).toBe(lapsing);
  });
});
