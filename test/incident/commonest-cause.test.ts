import { expect, test } from "vitest";
import { commonestCause } from "../../src/incident/commonest-cause.ts";

test.each([
  [{}, null],
  [{ unknown: 3 }, "unknown"],
  [{ password_changed: 2, revoked_by_admin: 5 }, "revoked_by_admin"],
  [{ unknown: 265, revoked_by_admin: 235 }, "revoked_by_admin"],
  [{ unknown: 480, password_changed: 20 }, "unknown"],
])("the commonest of %o is %s", (causes, cause) => {
  expect(commonestCause(causes)).toBe(cause);
});
