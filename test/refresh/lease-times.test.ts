import { describe, expect, test } from "vitest";
import {
  exchangeDeadline,
  isTimeToSend,
  LEASE,
  mayResend,
  mayRotate,
  quarantineMs,
} from "../../src/refresh/lease-times.ts";
import type { Provider } from "../../src/provider/provider.ts";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";

const WINDOW: Provider["replay"] = { class: "window", seconds: 60 };
const CLASSES = ["static", "until_used", "none", "punished"] as const;

test.each([
  ["static", true, 0],
  ["until_used", true, 0],
  ["none", false, MINUTE],
  ["punished", false, MINUTE],
] as const)("a token of class %s may be sent again: %s, whenever; a silent owner has %d ms more", (name, may, wait) => {
  for (const elapsed of [0, SECOND, HOUR]) {
    expect(mayResend({ class: name }, 0, elapsed)).toBe(may);
    expect(quarantineMs({ class: name }, 0, elapsed)).toBe(wait);
  }
});

test("a window is open until its seconds have passed since the first send", () => {
  expect(mayResend(WINDOW, 1000, 1000)).toBe(true);
  expect(mayResend(WINDOW, 1000, 1000 + MINUTE - 1)).toBe(true);
  expect(mayResend(WINDOW, 1000, 1000 + MINUTE)).toBe(false);
  expect(quarantineMs(WINDOW, 1000, 1000 + MINUTE - 1)).toBe(0);
  expect(quarantineMs(WINDOW, 1000, 1000 + MINUTE)).toBe(MINUTE);
});

test("a token that was never sent has its whole window before it", () => {
  expect(quarantineMs(WINDOW, null, 1_000_000)).toBe(0);
});

describe("an exchange", () => {
  test.each(CLASSES)("may take thirty seconds for class %s", (name) => {
    expect(exchangeDeadline({ class: name })).toBe(30 * SECOND);
  });

  test.each([
    [1, 5],
    [15, 5],
    [30, 10],
    [60, 20],
    [90, 30],
    [600, 30],
  ])("leaves room for two more in a window of %d seconds: %d", (seconds, deadline) => {
    expect(exchangeDeadline({ class: "window", seconds })).toBe(deadline * SECOND);
  });

  test("is begun only if it ends within the lease, with five seconds to spare", () => {
    for (const deadline of [5 * SECOND, 30 * SECOND]) {
      const last = LEASE - deadline - 5 * SECOND;
      expect(isTimeToSend(last - 1, deadline)).toBe(true);
      expect(isTimeToSend(last, deadline)).toBe(false);
    }
  });
});

test("only a provider known to replace no refresh token is taken to replace none", () => {
  expect(mayRotate({ class: "static" })).toBe(false);
  for (const replay of [WINDOW, ...CLASSES.slice(1).map((name) => ({ class: name }))]) {
    expect(mayRotate(replay)).toBe(true);
  }
});
