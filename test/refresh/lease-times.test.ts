import { describe, expect, test } from "vitest";
import {
  exchangeDeadline,
  isTimeToSend,
  LEASE,
  mayResend,
  mayRotate,
  replayableMs,
} from "../../src/refresh/lease-times.ts";
import type { Provider } from "../../src/provider/provider.ts";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";

const WINDOW: Provider["replay"] = { class: "window", seconds: 60 };
const CLASSES = ["static", "until_used", "none", "punished"] as const;

test.each([
  ["static", true, Infinity],
  ["until_used", true, Infinity],
  ["none", false, 0],
  ["punished", false, 0],
] as const)("a token of class %s may be sent again: %s, whenever; by others for %d ms", (name, may, replayable) => {
  for (const elapsed of [0, SECOND, HOUR]) expect(mayResend({ class: name }, 0, elapsed)).toBe(may);
  expect(replayableMs({ class: name })).toBe(replayable);
});

test("a window is open until its seconds have passed since the first send", () => {
  expect(mayResend(WINDOW, 1000, 1000)).toBe(true);
  expect(mayResend(WINDOW, 1000, 1000 + MINUTE - 1)).toBe(true);
  expect(mayResend(WINDOW, 1000, 1000 + MINUTE)).toBe(false);
});

test("others may send a token again while even their slowest request arrives inside the window", () => {
  expect(replayableMs(WINDOW)).toBe(MINUTE - exchangeDeadline(WINDOW));
  expect(replayableMs({ class: "window", seconds: 3 })).toBeLessThanOrEqual(0);
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
