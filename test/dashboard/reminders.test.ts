import { expect, test } from "vitest";
import { parseReminders } from "../../dashboard/src/incidents/reminders.ts";

test.each([
  ["3, 7", [72, 168]],
  ["0.5;3", [12, 72]],
  ["", []],
  ["90", [2160]],
])("%j are reminders", (days, hours) => {
  expect(parseReminders(days)).toEqual(hours);
});

test.each(["7, 3", "3, 3", "0", "-1", "three", "91", "1 2 3 4 5 6 7 8 9 10 11"])("%j are none", (days) => {
  expect(parseReminders(days)).toBeNull();
});
