import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseJsonObject } from "../../src/oauth/json-object.ts";

test("an object is given as it is", () => {
  expect(parseJsonObject('{"a":1,"b":{"c":[null]}}')).toEqual({ a: 1, b: { c: [null] } });
});

test("keys that mean something to JavaScript are keys like others", () => {
  const object = parseJsonObject('{"__proto__":{"error":"x"},"constructor":1}');
  expect(object?.["error"]).toBeUndefined();
  expect(object?.["constructor"]).toBe(1);
});

test.each(["", "null", "true", "1", '"text"', "[]", "[{}]", "{", "{'a':1}", "undefined", "[".repeat(200_000)])(
  "%.20s is no object",
  (text) => {
    expect(parseJsonObject(text)).toBeNull();
  },
);

test("no text makes it throw", () => {
  const property = fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    const value = parseJsonObject(text);
    expect(value === null || typeof value === "object").toBe(true);
  });
  fc.assert(property);
});
