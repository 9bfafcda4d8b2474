import { expect, test } from "vitest";
import { whoOf } from "../../dashboard/src/audit/who.ts";

test.each([
  [{ kind: "operator", id: "sub-1" }, { operator_email: "ada@example.com" }, "ada@example.com"],
  [{ kind: "operator", id: "sub-1" }, { operator_email: null }, "sub-1"],
  [{ kind: "user", id: null }, {}, "The user of the account"],
  [{ kind: "of_a_later_version", id: null }, {}, "of_a_later_version"],
])("%j, of whom %j is known, is %s", (actor, detail, name) => {
  expect(whoOf({ actor, detail })).toMatchObject({ name });
});
