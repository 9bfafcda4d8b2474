import { describe, expect, test } from "vitest";
import type { ReceivedTokens } from "../../src/oauth/token-response.ts";
import { tokenSetFrom, type Received } from "../../src/oauth/token-set.ts";
import { secret } from "../../src/runtime/secret.ts";

const SENT_AT = Date.UTC(2026, 0, 1);
const TEN_YEARS = 10 * 365 * 24 * 3600;
const BEFORE = {
  refreshToken: secret("rt-1"),
  refreshExpiresAt: SENT_AT + 5000,
  scope: ["read"],
  answerFields: {},
  dpopKey: "jkt-1",
};
const NOTHING = { refreshToken: null, refreshExpiresAt: null, scope: [], answerFields: {}, dpopKey: null };

function received(tokens: Partial<ReceivedTokens>, rest: Partial<Received> = {}): Received {
  const plain: ReceivedTokens = {
    accessToken: secret("at-2"),
    tokenType: "Bearer",
    refreshToken: null,
    expiresIn: null,
    refreshExpiresIn: null,
    scope: null,
    idToken: null,
    answerFields: {},
  };
  return { tokens: { ...plain, ...tokens }, sentAt: SENT_AT, usualLifetime: null, ...rest };
}

describe("the expiry", () => {
  test("is counted from when the request was sent", () => {
    expect(tokenSetFrom(received({ expiresIn: 3600 }), NOTHING)).toMatchObject({
      obtainedAt: SENT_AT,
      expiresAt: SENT_AT + 3_600_000,
    });
  });

  test("is at once when the lifetime is 0, whatever the provider usually gives", () => {
    expect(tokenSetFrom(received({ expiresIn: 0 }, { usualLifetime: 3600 }), NOTHING).expiresAt).toBe(SENT_AT);
  });

  test("comes from the provider's usual lifetime when the answer does not say", () => {
    expect(tokenSetFrom(received({}, { usualLifetime: 600 }), NOTHING).expiresAt).toBe(SENT_AT + 600_000);
  });

  test("is unknown when nobody says", () => {
    expect(tokenSetFrom(received({}), NOTHING).expiresAt).toBeNull();
  });

  test.each([TEN_YEARS + 1, 1e15, Number.MAX_SAFE_INTEGER, 1e300])(
    "is ten years at most, also for %d s",
    (expiresIn) => {
      const set = tokenSetFrom(received({ expiresIn, refreshExpiresIn: expiresIn }), NOTHING);
      expect([set.expiresAt, set.refreshExpiresAt]).toEqual(Array(2).fill(SENT_AT + TEN_YEARS * 1000));
    },
  );
});

describe("what the answer leaves out (RFC 6749 §5.1, §6)", () => {
  test("the refresh token stays, and with it the time at which it ends", () => {
    const set = tokenSetFrom(received({}), BEFORE);
    expect(set.refreshToken?.reveal()).toBe("rt-1");
    expect(set.refreshExpiresAt).toBe(BEFORE.refreshExpiresAt);
  });

  test("the key stays that the token set is bound to (RFC 9449 §5)", () => {
    expect(tokenSetFrom(received({ refreshToken: secret("rt-2") }), BEFORE).dpopKey).toBe("jkt-1");
  });

  test("the scope stays", () => {
    expect(tokenSetFrom(received({}), BEFORE).scope).toEqual(["read"]);
    expect(tokenSetFrom(received({ scope: [] }), BEFORE).scope).toEqual([]);
  });
});

describe("what the answer brings", () => {
  test("a new refresh token replaces the old one, whose end does not hold for it", () => {
    const set = tokenSetFrom(received({ refreshToken: secret("rt-2") }), BEFORE);
    expect(set.refreshToken?.reveal()).toBe("rt-2");
    expect(set.refreshExpiresAt).toBeNull();
  });

  test("a new end of the refresh token counts for the old one too", () => {
    const set = tokenSetFrom(received({ refreshExpiresIn: 60 }), BEFORE);
    expect(set.refreshToken?.reveal()).toBe("rt-1");
    expect(set.refreshExpiresAt).toBe(SENT_AT + 60_000);
  });

  test("the access token and its type are always new", () => {
    const set = tokenSetFrom(received({ tokenType: "DPoP" }), BEFORE);
    expect([set.accessToken?.reveal(), set.tokenType]).toEqual(["at-2", "DPoP"]);
  });
});
