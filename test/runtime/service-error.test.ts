import { inspect } from "node:util";
import { expect, test } from "vitest";
import { ERROR_CODES, ServiceError } from "../../src/runtime/service-error.ts";

test("the codes are a closed list without repetition", () => {
  expect(new Set(ERROR_CODES).size).toBe(ERROR_CODES.length);
  expect(ERROR_CODES.filter((code) => !/^[a-z]+(_[a-z]+)*$/.test(code))).toEqual([]);
});

test("a failure carries its code, its sentence and its facts", () => {
  const error = new ServiceError("not_found", "There is no such connection.", { connectionId: "con_1" });
  expect(error).toBeInstanceOf(Error);
  expect([error.name, error.code, error.message]).toEqual([
    "ServiceError",
    "not_found",
    "There is no such connection.",
  ]);
  expect(error.facts).toEqual({ connectionId: "con_1" });
  expect(inspect(error)).toContain("ServiceError: There is no such connection.");
});

test("a failure has no facts unless it is given some", () => {
  expect(new ServiceError("internal", "Something failed.").facts).toEqual({});
});
