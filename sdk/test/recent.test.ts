import { expect, it } from "vitest";
import { createRecent } from "../src/recent.ts";

it("forgets the value that was not used for the longest time", () => {
  const made: string[] = [];
  const recent = createRecent(2, (key) => {
    made.push(key);
    return key.toUpperCase();
  });
  for (const key of ["a", "b", "a", "c", "a", "b"]) expect(recent.get(key)).toBe(key.toUpperCase());
  expect(made).toEqual(["a", "b", "c", "b"]);
});
