import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Journaled } from "../connection/journal.ts";
import { HOUR } from "../runtime/clock.ts";
import { decodeEntry } from "./entry-encoding.ts";
import { errnoOf } from "./failure.ts";
import { listSegments, segmentName } from "./folder.ts";
import type { Position } from "./position.ts";
import { readSegment, type Problem } from "./read-segment.ts";
import { decodeHeader, HEADER_LENGTH, type SegmentHeader } from "./segment-format.ts";

export interface Damage {
  kind: "damage";
  file: string;
  offset: number;
  problem: Problem;
}

export type FolderItem = { kind: "entry"; position: Position; entry: Journaled } | Damage;

export interface ReadOptions {
  /** Skips what lies before. */
  from: Position;
  /** Skips segments whose entries were all received before this time. */
  since?: number;
  /** Skips entries whose payload does not contain this text. */
  containing?: string;
}

/** By how much a clock may have been set back between two segments for `since` to hold. */
const SLACK = HOUR;

/**
 * Everything in an instance's folder, in the order in which it was written; the instance may be writing. What was acknowledged
 * and cannot be read is reported as damage, and reading goes on behind it.
 */
export async function* readFolder(folder: string, options: ReadOptions): AsyncGenerator<FolderItem> {
  const { from, since = Number.NEGATIVE_INFINITY } = options;
  const all = await listSegments(folder).catch(() => null);
  if (all === null) yield { kind: "damage", file: ".", offset: 0, problem: "unreadable" };
  const numbers = (all ?? []).filter((number) => number >= from.segment);
  for (const [index, number] of numbers.entries()) {
    const next = numbers[index + 1];
    const successor = next === undefined ? null : await readHeader(folder, next);
    if (successor !== null && successor.madeAt < since - SLACK) continue;
    yield* itemsOf(folder, number, successor, options);
  }
}

/** The header of a segment; null when it cannot be read. */
export async function readHeader(folder: string, number: number): Promise<SegmentHeader | null> {
  try {
    const file = await open(join(folder, segmentName(number)), "r");
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEADER_LENGTH), 0, HEADER_LENGTH, 0);
      const header = decodeHeader(buffer.subarray(0, bytesRead));
      return typeof header === "string" ? null : header;
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}

async function* itemsOf(
  folder: string,
  number: number,
  successor: SegmentHeader | null,
  options: ReadOptions,
): AsyncGenerator<FolderItem> {
  const file = segmentName(number);
  const bytes = await readBytes(join(folder, file));
  if (bytes === "deleted") return;
  if (bytes === "unreadable") yield { kind: "damage", file, offset: 0, problem: "unreadable" };
  else yield* entriesIn(bytes, number, durableEndOf(number, successor), options);
  const before = successor?.previous.number ?? number;
  if (before > number) yield { kind: "damage", file: segmentName(before), offset: 0, problem: "missing" };
}

function* entriesIn(
  bytes: Buffer,
  number: number,
  durableEnd: number | null,
  { from, containing }: ReadOptions,
): Generator<FolderItem> {
  const start = number === from.segment ? from.offset : 0;
  for (const item of readSegment(bytes, durableEnd)) {
    const { offset } = item;
    if (item.kind === "damage") {
      if (item.end > start) yield { kind: "damage", file: segmentName(number), offset, problem: item.problem };
    } else if (offset >= start && (containing === undefined || item.payload.includes(containing))) {
      yield decoded(item.payload, { segment: number, offset });
    }
  }
}

function decoded(payload: Buffer, position: Position): FolderItem {
  const { segment, offset } = position;
  const entry = decodeEntry(payload);
  return entry === null
    ? { kind: "damage", file: segmentName(segment), offset, problem: "not_understood" }
    : { kind: "entry", position, entry };
}

/** A segment's successor says how much of it is on disk for sure: nothing when it followed another one. */
function durableEndOf(number: number, successor: SegmentHeader | null): number | null {
  if (successor === null || successor.previous.number > number) return null;
  return successor.previous.number === number ? successor.previous.end : 0;
}

/** An old segment may be deleted while its folder is being read. */
async function readBytes(path: string): Promise<Buffer | "deleted" | "unreadable"> {
  try {
    return await readFile(path);
  } catch (error) {
    return errnoOf(error) === "ENOENT" ? "deleted" : "unreadable";
  }
}
