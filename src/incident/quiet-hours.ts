import { MINUTE } from "../runtime/clock.ts";

/** When nobody is to be asked, by the clock on the wall of those who are: `HH:MM`, over midnight where `to` is the earlier one. */
export interface QuietHours {
  from: string;
  to: string;
  /** Of the IANA time zone database, such as `Europe/Berlin`. */
  timeZone: string;
}

/** `at`, or the end of the quiet hours that it falls into. Epoch milliseconds. */
export function afterQuietHours(at: number, quiet: QuietHours | null): number {
  if (!quiet) return at;
  const [from, to] = [minutesOf(quiet.from), minutesOf(quiet.to)];
  const now = minuteOfDay(at, quiet.timeZone);
  if (!isBetween(now, from, to)) return at;
  const end = at - (at % MINUTE) + ((to - now + DAY) % DAY) * MINUTE;
  // Clocks may have been put forward or back in between.
  const off = (minuteOfDay(end, quiet.timeZone) - to + DAY) % DAY;
  return end - (off > DAY / 2 ? off - DAY : off) * MINUTE;
}

export function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).format(0) !== "";
  } catch {
    return false;
  }
}

/** Minutes. */
const DAY = 24 * 60;

function isBetween(minute: number, from: number, to: number): boolean {
  return from <= to ? from <= minute && minute < to : minute >= from || minute < to;
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  return hours * 60 + minutes;
}

function minuteOfDay(at: number, timeZone: string): number {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return minutesOf(format.format(at));
}
