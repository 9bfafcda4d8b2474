import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { createInterface } from "node:readline";
import { parse } from "csv-parse";
import { CommandFailure } from "../command-failure.ts";
import { parseJson } from "../service/parse-json.ts";
import { isRecord, type SourceRecord } from "./source-record.ts";

/** A record, or null for one that is none. */
export type Read = AsyncGenerator<SourceRecord | null>;

const MEBIBYTE = 1024 * 1024;
/** A JSON document is held in memory as a whole; lines are not. */
const LARGEST_DOCUMENT = 256 * MEBIBYTE;
const LONGEST_RECORD = MEBIBYTE;

/**
 * The records of a file: CSV with a header (RFC 4180), JSON with an object on each line, or one JSON document, an array or an
 * object with one under a name of `under`. Of a folder, the JSON documents in it. Throws `CommandFailure`.
 */
export async function* readRecords(path: string, under: readonly string[] = []): Read {
  const found = await stat(path).catch(unreadable(path));
  if (found.isDirectory()) yield* readFolder(path, under);
  else if (extname(path) === ".csv") yield* readCsv(path);
  else if (extname(path) === ".json") yield* readDocument(path, found.size, under);
  else yield* readLines(path);
}

async function* readFolder(path: string, under: readonly string[]): Read {
  const names = await readdir(path);
  for (const name of names.filter((each) => extname(each) === ".json").toSorted()) {
    yield* readRecords(join(path, name), under);
  }
}

async function* readCsv(path: string): Read {
  const rows = createReadStream(path).pipe(
    parse({ columns: true, bom: true, max_record_size: LONGEST_RECORD, skip_empty_lines: true }),
  );
  try {
    for await (const row of rows) yield isRecord(row) ? row : null;
  } catch (error) {
    throw unusable(path, `is not CSV with a header (${codeOf(error)})`);
  }
}

async function* readDocument(path: string, size: number, under: readonly string[]): Read {
  if (size > LARGEST_DOCUMENT) throw unusable(path, "is too large for one JSON document");
  const document = parseJson(await readFile(path, "utf8").catch(unreadable(path)));
  if (document === undefined) {
    // An object on each line is no document, and is often named like one.
    yield* readLines(path);
    return;
  }
  for (const item of itemsOf(document, under)) yield isRecord(item) ? item : null;
}

function itemsOf(document: unknown, under: readonly string[]): readonly unknown[] {
  if (Array.isArray(document)) return document;
  if (!isRecord(document)) return [null];
  const list = under.map((name) => document[name]).find(Array.isArray);
  return list ?? [document];
}

async function* readLines(path: string): Read {
  const input = createReadStream(path);
  const failed = new Promise<never>((_resolve, reject) => input.once("error", reject));
  failed.catch(() => undefined);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
  for (;;) {
    const next = await Promise.race([lines.next(), failed]).catch(unreadable(path));
    if (next.done === true) return;
    if (next.value.trim() === "") continue;
    const record = next.value.length > LONGEST_RECORD ? null : parseJson(next.value);
    yield isRecord(record) ? record : null;
  }
}

function unreadable(path: string) {
  return (error: unknown): never => {
    throw unusable(path, `cannot be read (${codeOf(error)})`);
  };
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown";
}

function unusable(path: string, why: string): CommandFailure {
  return new CommandFailure({
    exit: "usage",
    code: "usage",
    detail: `${path} ${why}.`,
    next: "Name a .csv file with a header, a .json document, or a file with a JSON object on each line.",
  });
}
