import { describe, expect, test } from "vitest";
import type { OAuthError } from "../../src/oauth/error-answer.ts";
import { failureRule, ruleFor, type FailureRule } from "../../src/provider/failure-rule.ts";

const ERROR: OAuthError = {
  status: 400,
  code: "invalid_grant",
  subcodes: ["50173"],
  description: "The token was Revoked by its user.",
};

function rule(match: object, cause = "unknown"): FailureRule {
  return failureRule.parse({ match, meaning: "m", outcome: "rejected", cause, confidence: "possible" });
}

describe("a rule is met", () => {
  test.each([
    { status: [400, 401] },
    { code: ["invalid_grant"] },
    { code: ["INVALID_GRANT"] },
    { subcode: ["50173"] },
    { text: ["revoked by"] },
    { text: ["expired", "revoked"] },
    { status: [400], code: ["invalid_grant"], subcode: ["50173"], text: ["revoked"] },
  ])("by %j", (match) => {
    expect(ruleFor([rule(match)], ERROR)).not.toBeNull();
  });

  test.each([
    { status: [401] },
    { code: ["invalid"] },
    { subcode: ["5017"] },
    { text: ["expired"] },
    { code: ["invalid_grant"], text: ["expired"] },
  ])("not by %j", (match) => {
    expect(ruleFor([rule(match)], ERROR)).toBeNull();
  });
});

test("the first that is met decides", () => {
  const rules = [rule({ subcode: ["1"] }), rule({ subcode: ["50173"] }, "revoked_by_admin"), rule({ status: [400] })];
  expect(ruleFor(rules, ERROR)).toMatchObject({ cause: "revoked_by_admin" });
});

describe.each([429, 500, 503])("a server in trouble (HTTP %i)", (status) => {
  const error = { ...ERROR, status };

  test("condemns nobody by what it says", () => {
    expect(ruleFor([rule({ code: ["invalid_grant"] })], error)).toBeNull();
  });

  test("but may where the rule means that very status", () => {
    expect(ruleFor([rule({ status: [status], code: ["invalid_grant"] })], error)).not.toBeNull();
  });
});

test("a rule needs a condition", () => {
  expect(() => rule({})).toThrow("a rule needs a condition");
});

describe("a rule that says to ask again later", () => {
  const RULE = { match: { text: ["ip restricted"] }, meaning: "m", outcome: "retry_later", cause: "revoked_by_admin" };

  test("may say who can help, and how soon it is of use", () => {
    expect(failureRule.parse(RULE)).toMatchObject({ who_acts: null, again_after_seconds: null });
    const whole = { ...RULE, who_acts: "customer_admin", again_after_seconds: 3600 };
    expect(failureRule.parse(whole)).toEqual(whole);
  });

  test.each([
    { who_acts: "nobody" },
    { who_acts: "administrator" },
    { again_after_seconds: 0 },
    { again_after_seconds: -60 },
    { again_after_seconds: 0.5 },
    { again_after_seconds: "3600" },
    { cause: "revoked_by_user" },
    { cause: "unknown" },
    { confirm_after_seconds: 60 },
  ])("but not %j", (field) => {
    expect(failureRule.safeParse({ ...RULE, ...field }).success).toBe(false);
  });

  test("is met by a server in trouble too: it condemns nobody", () => {
    const error = { ...ERROR, status: 503, description: "IP restricted" };
    expect(ruleFor([failureRule.parse(RULE)], error)).not.toBeNull();
  });
});

test.each([
  { outcome: "rejected", cause: "unknown", confidence: "possible" },
  { outcome: "client_fault", cause: "client_disabled" },
])("how soon to ask again is nothing that %j says", (decided) => {
  const base = { match: { status: [400] }, meaning: "m", ...decided };
  expect(failureRule.safeParse(base).success).toBe(true);
  expect(failureRule.safeParse({ ...base, again_after_seconds: 60 }).success).toBe(false);
});
