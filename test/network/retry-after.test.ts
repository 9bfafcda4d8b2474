import { expect, test } from "vitest";
import { retryAfterMs } from "../../src/network/retry-after.ts";

test.each([
  ["0", 0],
  ["120", 120_000],
  [" 5 ", 5000],
  ["999999999", 999_999_999_000],
])("%j is a wait in seconds (RFC 9110 §10.2.3)", (value, wait) => {
  expect(retryAfterMs(value)).toBe(wait);
});

test("a date is a wait until then (RFC 9110 §5.6.7)", () => {
  const wait = retryAfterMs(new Date(Date.now() + 60_000).toUTCString());
  expect(wait).toBeGreaterThan(50_000);
  expect(wait).toBeLessThanOrEqual(60_000);
});

test.each(["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"])("%s is over: no wait", (value) => {
  expect(retryAfterMs(value)).toBe(0);
});

test.each([undefined, "", " ", "-1", "1.5", "1e3", "0x10", "soon", "soon GMT", "5, 5", "2026-01-01", "9".repeat(10)])(
  "%j is unreadable",
  (value) => {
    expect(retryAfterMs(value)).toBeNull();
  },
);
