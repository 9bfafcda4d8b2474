import { expect, it } from "vitest";
import { reusableUntil } from "../src/reusable-until.ts";

const NOW = Date.UTC(2031, 0, 1);

it.each([
  [3600, 3540],
  [61, 1],
  [60, 30],
  [20, 10],
  [0, 0],
])("a token with %i s to live is reused for %i s", (life, reused) => {
  expect(reusableUntil(new Date(NOW + life * 1000), NOW, 60_000)).toBe(NOW + reused * 1000);
});

it("a token that has ended is not reused", () => {
  expect(reusableUntil(new Date(NOW - 1000), NOW, 60_000)).toBeLessThan(NOW);
});

it("a token without a known end is reused for 5 minutes", () => {
  expect(reusableUntil(null, NOW, 60_000)).toBe(NOW + 300_000);
});
