import { expect, test } from "vitest";
import type { Outcome, PassingCause } from "../../src/provider/outcome.ts";
import { turnEndOf } from "../../src/refresh/turn-end.ts";
import { secret } from "../../src/runtime/secret.ts";

const TOKENS = {
  accessToken: secret("a"),
  refreshToken: null,
  tokenType: "Bearer",
  expiresIn: null,
  refreshExpiresIn: null,
  scope: null,
  idToken: null,
  answerFields: {},
};

const SAID = { code: "c", subcode: null, description: null };

function refusal(cause: PassingCause, retryAfterMs: number | null): Outcome {
  return { kind: "retry_later", cause, code: "c", retryAfterMs };
}

test.each<[string, Outcome]>([
  ["tokens", { kind: "rotated", tokens: TOKENS }],
  ["an access token", { kind: "renewed", tokens: TOKENS }],
  [
    "a rejection",
    {
      kind: "rejected",
      ...SAID,
      cause: "unknown",
      confidence: "possible",
      whoActs: null,
      confirmAfterMs: null,
      meaning: null,
    },
  ],
  ["a refusal of the client", { kind: "client_fault", ...SAID, cause: "client_disabled" }],
  ["an answer that nobody understands", refusal("provider_response_unrecognised", 1000)],
  ["a refusal by a policy", refusal("revoked_by_admin", 3_600_000)],
  ["a refusal of one token of the client", refusal("client_secret_rejected", 3_600_000)],
])("a server that gives %s is there, and takes more", (_, outcome) => {
  expect(turnEndOf(outcome)).toEqual({ kind: "answered" });
});

test.each<[string, Outcome, number | null]>([
  ["a limit", refusal("provider_rate_limited", null), null],
  ["a limit with a wait", refusal("provider_rate_limited", 7000), 7000],
  ["an outage with a wait", refusal("provider_unavailable", 9000), 9000],
])("a server that answers with %s is asked for less", (_, outcome, retryAfterMs) => {
  expect(turnEndOf(outcome)).toEqual({ kind: "throttled", retryAfterMs });
});

test.each<[string, Outcome]>([
  ["an outage", refusal("provider_unavailable", null)],
  ["a lost answer", { kind: "lost", code: "timeout" }],
])("%s counts as a failure of the server", (_, outcome) => {
  expect(turnEndOf(outcome)).toEqual({ kind: "failed" });
});

test("a request that our own network policy kept back says nothing of the server", () => {
  expect(turnEndOf(refusal("network_policy", null))).toEqual({ kind: "unused" });
});
