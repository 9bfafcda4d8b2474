import * as fc from "fast-check";
import { expect, test } from "vitest";
import { afterQuietHours, isTimeZone } from "../../src/incident/quiet-hours.ts";
import { HOUR } from "../../src/runtime/clock.ts";

const NIGHT = { from: "20:00", to: "08:00", timeZone: "Europe/Berlin" };
const at = (text: string) => Date.parse(text);
const after = (text: string, quiet = NIGHT) => new Date(afterQuietHours(at(text), quiet)).toISOString();

test("whoever sleeps is asked in the morning", () => {
  expect(after("2026-06-10T19:30:00Z")).toBe("2026-06-11T06:00:00.000Z");
  expect(after("2026-06-11T03:00:59.999Z")).toBe("2026-06-11T06:00:00.000Z");
});

test("whoever is awake is asked at once, to the minute of both ends", () => {
  expect(after("2026-06-10T17:59:59Z")).toBe("2026-06-10T17:59:59.000Z");
  expect(after("2026-06-10T18:00:00Z")).toBe("2026-06-11T06:00:00.000Z");
  expect(after("2026-06-11T05:59:00Z")).toBe("2026-06-11T06:00:00.000Z");
  expect(after("2026-06-11T06:00:00Z")).toBe("2026-06-11T06:00:00.000Z");
});

test("within a day, a siesta ends the same day", () => {
  const siesta = { from: "13:00", to: "15:30", timeZone: "Asia/Kolkata" };
  expect(after("2026-06-10T08:00:00Z", siesta)).toBe("2026-06-10T10:00:00.000Z");
  expect(after("2026-06-10T10:00:00Z", siesta)).toBe("2026-06-10T10:00:00.000Z");
});

test("in a night in which clocks are put forward or back, the morning is the one on the wall", () => {
  expect(after("2026-03-28T22:00:00Z")).toBe("2026-03-29T06:00:00.000Z");
  expect(after("2026-10-24T22:00:00Z")).toBe("2026-10-25T07:00:00.000Z");
});

test("nobody is quiet without quiet hours, or in those without length", () => {
  expect(afterQuietHours(5, null)).toBe(5);
  expect(after("2026-06-10T19:30:00Z", { ...NIGHT, from: "08:00" })).toBe("2026-06-10T19:30:00.000Z");
});

test("whoever is asked is not asked in quiet hours, and waits no longer than a day", () => {
  const minute = fc.integer({ min: 0, max: 24 * 60 - 1 });
  // Later than clocks are ever put forward: there is such a time on every day.
  const morning = fc.integer({ min: 4 * 60, max: 24 * 60 - 1 });
  const zones = fc.constantFrom("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Chatham", "UTC");
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e12 }), minute, morning, zones, (now, from, to, timeZone) => {
      const quiet = { from: textOf(from), to: textOf(to), timeZone };
      const asked = afterQuietHours(now, quiet);
      expect(asked).toBeGreaterThanOrEqual(now);
      expect(asked - now).toBeLessThanOrEqual(25 * HOUR);
      expect(asked === now || wallOf(asked, timeZone) === quiet.to).toBe(true);
    }),
  );
});

test("a time zone is one that this machine knows", () => {
  expect(["Europe/Berlin", "UTC", "Mars/Olympus", ""].map(isTimeZone)).toEqual([true, true, false, false]);
});

function textOf(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

function wallOf(time: number, timeZone: string): string {
  return new Date(time).toLocaleTimeString("en-GB", { timeZone, hour: "2-digit", minute: "2-digit" });
}
