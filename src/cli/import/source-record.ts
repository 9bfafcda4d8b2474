import { secret, type Secret } from "../../runtime/secret.ts";
import { RowFault } from "./import-row.ts";

/** What a file or a table has of one thing. */
export type SourceRecord = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is SourceRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The text under the first of these names that has any; tables name the same column in several ways. */
export function textOf(record: SourceRecord, ...names: string[]): string | null {
  for (const name of names) {
    const value = record[name];
    if (typeof value === "string" && value.trim() !== "") return value.trim();
    if (typeof value === "number" || typeof value === "bigint") return String(value);
  }
  return null;
}

export function secretOf(record: SourceRecord, ...names: string[]): Secret<string> | null {
  const text = textOf(record, ...names);
  return text === null ? null : secret(text);
}

/** The object under a name, or in the JSON text there; null for nothing. */
export function recordOf(record: SourceRecord, name: string): SourceRecord | null {
  const value = record[name];
  const found = typeof value === "string" ? parsed(value) : value;
  return isRecord(found) ? found : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** No time in milliseconds since 1973 has as few digits, and no time in seconds before 5138 as many. */
const FEWEST_MILLISECONDS = 100_000_000_000;
const WITHOUT_ZONE = /^\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?$/;

/** A time as other systems write it: RFC 3339, a database's, which is in UTC where it names no zone, or seconds or milliseconds. */
export function timeOf(record: SourceRecord, ...names: string[]): number | null {
  const text = textOf(record, ...names);
  if (text === null) return null;
  if (/^\d+(\.\d+)?$/.test(text)) {
    const number = Math.floor(Number(text));
    return number < FEWEST_MILLISECONDS ? number * 1000 : number;
  }
  const parsedTime = Date.parse(WITHOUT_ZONE.test(text) ? `${text.replace(" ", "T")}Z` : text);
  if (Number.isNaN(parsedTime)) throw new RowFault("malformed", `${names[0] ?? "A time"} is not a time.`);
  return parsedTime;
}
