import { expect, it } from "vitest";
import { sealAccessToken } from "../src/access-token.ts";
import { createTokenCache } from "../src/token-cache.ts";

it("is not turned back by an answer that was overtaken", () => {
  const cache = createTokenCache();
  cache.keep(token(2));
  expect(cache.keep(token(1)).generation).toBe(1);
  expect(cache.reusable(60)?.generation).toBe(2);
});

it("forgets a refused token, not a newer one", () => {
  const cache = createTokenCache();
  cache.keep(token(2));
  cache.drop(1);
  expect(cache.hasNewerThan(1)).toBe(true);
  expect(cache.hasNewerThan(2)).toBe(false);
  cache.drop(2);
  expect(cache.reusable(60)).toBeUndefined();
});

it("does not reuse a token that has ended", () => {
  const cache = createTokenCache();
  cache.keep(token(1, new Date(Date.now() - 1)));
  expect(cache.reusable(60)).toBeUndefined();
  expect(cache.hasNewerThan(0)).toBe(true);
});

function token(generation: number, expiresAt: Date | null = null) {
  return sealAccessToken({
    accessToken: `at-${generation}`,
    tokenType: "Bearer",
    expiresAt,
    scope: null,
    answerFields: {},
    connectionId: "con_1",
    generation,
    refreshState: "ok",
    missingScopes: [],
  });
}
