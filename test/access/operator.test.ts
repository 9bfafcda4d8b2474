import { describe, expect, test } from "vitest";
import { SCOPES_OF, parseAllowedOperator, roleOf, type Operator } from "../../src/access/operator.ts";

const ISSUER = "https://login.example";
const ALICE: Operator = { issuer: ISSUER, subject: "1", email: "Alice@Example.com", groups: ["on call"] };

function policy(text: string) {
  const allowed = text.split(",").map(parseAllowedOperator);
  return { issuer: ISSUER, allowed: allowed.filter((entry) => entry !== null) };
}

describe("an entry", () => {
  test.each([
    ["alice@example.com", { kind: "email", name: "alice@example.com", role: "admin" }],
    ["Alice@Example.com=viewer", { kind: "email", name: "alice@example.com", role: "viewer" }],
    ["domain:Example.com = operator", { kind: "domain", name: "example.com", role: "operator" }],
    ["group:On Call=viewer", { kind: "group", name: "On Call", role: "viewer" }],
    ["group:a@b", { kind: "group", name: "a@b", role: "admin" }],
    ["group:domain:x", { kind: "group", name: "domain:x", role: "admin" }],
  ])("%s", (text, entry) => {
    expect(parseAllowedOperator(text)).toEqual(entry);
  });

  test.each([
    "",
    "alice",
    "@example.com",
    "alice@",
    "a@b@c",
    "alice@example.com=owner",
    "alice@example.com=",
    "alice@example.com=viewer=admin",
    "domain:",
    "domain:@example.com",
    "domain:example..com",
    "domain:*",
    "group:",
    "group:x=root",
    "al ice@example.com",
    "\u212Aate@example.com",
    `group:${"x".repeat(201)}`,
  ])("%j is none", (text) => {
    expect(parseAllowedOperator(text)).toBeNull();
  });
});

describe("a person", () => {
  test.each([
    ["alice@example.com=viewer", "viewer"],
    ["domain:example.com=operator", "operator"],
    ["group:on call", "admin"],
    ["bob@example.com", null],
    ["domain:ample.com", null],
    ["domain:mail.example.com", null],
    ["group:On call", null],
    ["group:call", null],
  ])("by %s is %s", (text, role) => {
    expect(roleOf(ALICE, policy(text))).toBe(role);
  });

  test("is given the most that any entry gives, in whatever order", () => {
    expect(roleOf(ALICE, policy("group:on call=viewer,alice@example.com=operator"))).toBe("operator");
    expect(roleOf(ALICE, policy("alice@example.com=admin,domain:example.com=viewer"))).toBe("admin");
  });

  test("is nobody without an address, of another issuer, or where nobody signs in", () => {
    expect(roleOf({ ...ALICE, email: null }, policy("alice@example.com,domain:example.com"))).toBeNull();
    expect(roleOf({ ...ALICE, issuer: `${ISSUER}/` }, policy("alice@example.com"))).toBeNull();
    expect(roleOf(ALICE, null)).toBeNull();
  });
});

test("no role but admin reads a token or gives away a key", () => {
  const few = [...SCOPES_OF.viewer, ...SCOPES_OF.operator];
  expect(few.filter((scope) => ["token:read", "keys:write", "admin"].includes(scope))).toEqual([]);
  expect(SCOPES_OF.viewer.filter((scope) => !scope.endsWith(":read"))).toEqual([]);
  expect(SCOPES_OF.operator).toEqual(expect.arrayContaining([...SCOPES_OF.viewer]));
});
