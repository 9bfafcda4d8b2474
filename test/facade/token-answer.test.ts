import { expect, test } from "vitest";
import { identityAnswer } from "../../src/facade/identity-answer.ts";
import { tokenAnswer } from "../../src/facade/token-answer.ts";
import type { AccessToken } from "../../src/refresh/access-token.ts";
import { secret } from "../../src/runtime/secret.ts";
import { createManualClock } from "../stage/manual-clock.ts";

const clock = createManualClock();
const token: AccessToken = {
  connectionId: `con_${"0".repeat(26)}`,
  generation: 1,
  accessToken: secret("at-1"),
  tokenType: "Bearer",
  expiresAt: clock.now() + 1999,
  scope: ["a", "b"],
  answerFields: {},
  dpopKey: null,
  missingScopes: [],
  refreshState: "ok",
};

test("a token is told with its scope and the whole seconds that it has left, never fewer than none", () => {
  const told = { access_token: "at-1", token_type: "Bearer" };
  expect(tokenAnswer({ clock }, token)).toEqual({ ...told, expires_in: 1, scope: "a b" });
  const over = { ...token, scope: [], expiresAt: clock.now() - 1 };
  expect(tokenAnswer({ clock }, over)).toEqual({ ...told, expires_in: 0 });
});

test("what the provider never said is left out, and a token that is bound to a key is no bearer token (RFC 9449 §5)", () => {
  const bound = { ...token, scope: [], expiresAt: null, tokenType: "DPoP" };
  expect(tokenAnswer({ clock }, bound)).toEqual({ access_token: "at-1", token_type: "DPoP" });
});

function seconds(time: number): string {
  return String(Math.floor(time / 1000));
}

test("a managed identity is told an end, and a near one where the provider never said it", () => {
  const told = {
    access_token: "at-1",
    token_type: "Bearer",
    resource: "https://api.example",
    client_id: token.connectionId,
  };
  expect(identityAnswer({ clock }, token, told.resource)).toEqual({ ...told, expires_on: seconds(clock.now() + 1999) });
  const endless = { ...token, expiresAt: null };
  expect(identityAnswer({ clock }, endless, told.resource)).toEqual({
    ...told,
    expires_on: seconds(clock.now() + 60_000),
  });
});
