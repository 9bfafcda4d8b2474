import { DAY, type Clock } from "../runtime/clock.ts";
import type { OpenFile } from "./durable-file.ts";
import type { Position } from "./position.ts";
import { createSegment, type Segment } from "./segment.ts";
import { HEADER_LENGTH } from "./segment-format.ts";

/** A new segment begins before one would grow beyond this. */
const SEGMENT_LENGTH = 8 * 1024 * 1024;

/** A segment holds the entries of so much time at most, so that its age tells theirs. */
export const SEGMENT_SPAN = DAY;

/** An instance's segments, one of which is being written. Calls must not overlap. */
export interface Segments {
  /**
   * On disk when this resolves, at the position returned. After a failure the next call begins a new segment, also with nothing
   * to append.
   */
  append(bytes: Uint8Array): Promise<Position>;
  close(): Promise<void>;
}

export async function createSegments(deps: { open: OpenFile; folder: string; clock: Clock }): Promise<Segments> {
  const { open, folder, clock } = deps;
  /** Counts attempts, so that no file is tried twice. */
  let number = 0;
  let previous = { number: 0, end: 0 };
  let current: Segment | null = null;

  function begin(): Promise<Segment> {
    number += 1;
    return createSegment(open, folder, { number, madeAt: clock.now(), previous });
  }

  /** Whatever state the file is in, it is never written again; the next header says how much of it counts. */
  async function leave(): Promise<void> {
    const left = current;
    if (left === null) return;
    previous = { number: left.header.number, end: left.end() };
    current = null;
    await left.close().catch(() => undefined);
  }

  function isOver(segment: Segment, length: number): boolean {
    const isFull = segment.end() > HEADER_LENGTH && segment.end() + length > SEGMENT_LENGTH;
    return isFull || Math.abs(clock.now() - segment.header.madeAt) >= SEGMENT_SPAN;
  }

  async function segmentFor(length: number): Promise<Segment> {
    if (current !== null && isOver(current, length)) await leave();
    return (current ??= await begin());
  }

  async function append(bytes: Uint8Array): Promise<Position> {
    const segment = await segmentFor(bytes.length);
    const position = { segment: segment.header.number, offset: segment.end() };
    try {
      if (bytes.length > 0) await segment.append(bytes);
      return position;
    } catch (error) {
      await leave();
      throw error;
    }
  }

  current = await begin();
  return { append, close: leave };
}
