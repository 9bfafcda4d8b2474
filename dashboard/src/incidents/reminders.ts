const MOST = 10;
const LONGEST_DAYS = 90;

/** Reminders written as days, in hours; null where they cannot be taken. */
export function parseReminders(days: string): number[] | null {
  const words = days.split(/[\s,;]+/).filter(Boolean);
  const hours = words.map((word) => Math.round(Number(word) * 24));
  const isAscending = hours.every((each, place) => each >= 1 && each > (hours[place - 1] ?? 0));
  return isAscending && hours.length <= MOST && (hours.at(-1) ?? 0) <= LONGEST_DAYS * 24 ? hours : null;
}
