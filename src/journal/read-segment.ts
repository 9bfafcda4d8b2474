import { decodeHeader, framesOf } from "./segment-format.ts";

/** Something that was on disk once and cannot be read now. */
export type Problem =
  /** The whole file is not there. */
  | "missing"
  /** The file ends before what was written to it. */
  | "cut_short"
  /** Bytes that are no record, where one was written. */
  | "damaged"
  /** A record, or a file of them, that this version does not understand. */
  | "not_understood"
  /** The operating system does not give the file out. */
  | "unreadable";

export type SegmentItem =
  | { kind: "record"; offset: number; payload: Buffer }
  | { kind: "damage"; offset: number; end: number; problem: Problem };

/**
 * The records of a segment. Up to `durableEnd` it is known to have been on disk; null while that is not known, because the
 * segment may be the one that is being written. What is cut short at the end of it then was never acknowledged, and nothing is
 * said of it; unreadable bytes with a record behind them are damage.
 */
export function* readSegment(bytes: Buffer, durableEnd: number | null): Generator<SegmentItem> {
  const header = decodeHeader(bytes);
  if (header === "other_version") {
    yield { kind: "damage", offset: 0, end: bytes.length, problem: "not_understood" };
    return;
  }
  let end = bytes.length;
  for (const frame of framesOf(bytes, header)) {
    if (frame.kind === "record") yield frame;
    else if (frame.isTail) end = frame.offset;
    else if (frame.offset < (durableEnd ?? bytes.length)) yield { ...frame, kind: "damage", problem: "damaged" };
  }
  if (durableEnd !== null && end < durableEnd)
    yield { kind: "damage", offset: end, end: durableEnd, problem: "cut_short" };
}
