import { expect, test } from "vitest";
import { createForgetfulMap } from "../../../src/refresh/pace/forgetful-map.ts";

test("a forgetful map makes what it is asked for once", () => {
  const map = createForgetfulMap(
    (key: string) => ({ key }),
    () => false,
  );
  const a = map.get("a");
  expect(a).toEqual({ key: "a" });
  expect(map.get("a")).toBe(a);
  expect(map.get("b")).not.toBe(a);
  expect([...map.values()]).toEqual([{ key: "a" }, { key: "b" }]);
});

test("it keeps all entries until there are 256", () => {
  const map = createForgetfulMap(String, () => true);
  for (let key = 0; key < 256; key++) map.get(key);
  expect([...map.values()]).toHaveLength(256);
  map.get(256);
  expect([...map.values()]).toEqual(["256"]);
});

test("it never holds more than twice what was not idle, and looks rarely", () => {
  let looks = 0;
  const map = createForgetfulMap(
    (key: number) => key,
    (key) => {
      looks++;
      return key >= 1_000;
    },
  );
  let most = 0;
  for (let key = 0; key < 100_000; key++) {
    map.get(key);
    if (key % 100 === 0) most = Math.max(most, [...map.values()].length);
  }
  expect(most).toBeLessThanOrEqual(2_048);
  expect(most).toBeGreaterThan(1_500);
  expect([...map.values()].slice(0, 1_000)).toEqual(Array.from({ length: 1_000 }, (_none, key) => key));
  expect(looks).toBeLessThan(300_000);
});
