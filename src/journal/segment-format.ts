import { crc32 } from "node:zlib";

/**
 * A segment is one file of a journal; docs/journal.md describes it for readers elsewhere. Numbers are big-endian.
 *
 * ```
 * header   magic "EGJ1" | number, 4 bytes | made at, 8 | previous number, 4 | previous end, 4 | CRC-32 of these 24 bytes, 4
 * record   length, 4 | CRC-32 of length and payload, 4 | payload, a JSON object
 * ```
 */
const MAGIC = Buffer.from("EGJ1");
const CHECKED_HEADER = 24;
export const HEADER_LENGTH = CHECKED_HEADER + 4;
const PREFIX_LENGTH = 8;
const OPENING_BRACE = 0x7b;

export interface SegmentHeader {
  number: number;
  /** Epoch milliseconds. */
  madeAt: number;
  /** The segment written before this one, and up to where it is known to be on disk. Number 0: there was none. */
  previous: { number: number; end: number };
}

/** What a segment holds: records, and between or behind them bytes that are none. */
export type Frame =
  | { kind: "record"; offset: number; payload: Buffer }
  | { kind: "gap"; offset: number; end: number; isTail: boolean };

export function encodeHeader({ number, madeAt, previous }: SegmentHeader): Buffer {
  const header = Buffer.alloc(HEADER_LENGTH);
  MAGIC.copy(header);
  header.writeUInt32BE(number, 4);
  header.writeBigUInt64BE(BigInt(Math.floor(madeAt)), 8);
  header.writeUInt32BE(previous.number, 16);
  header.writeUInt32BE(previous.end, 20);
  header.writeUInt32BE(crc32(header.subarray(0, CHECKED_HEADER)), CHECKED_HEADER);
  return header;
}

export function decodeHeader(bytes: Buffer): SegmentHeader | "damaged" | "other_version" {
  if (bytes.length < HEADER_LENGTH) return "damaged";
  if (bytes.readUInt32BE(CHECKED_HEADER) !== crc32(bytes.subarray(0, CHECKED_HEADER))) return "damaged";
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return "other_version";
  return {
    number: bytes.readUInt32BE(4),
    madeAt: Number(bytes.readBigUInt64BE(8)),
    previous: { number: bytes.readUInt32BE(16), end: bytes.readUInt32BE(20) },
  };
}

export function encodeRecord(payload: Uint8Array): Buffer {
  const prefix = Buffer.alloc(PREFIX_LENGTH);
  prefix.writeUInt32BE(payload.length);
  prefix.writeUInt32BE(crc32(payload, crc32(prefix.subarray(0, 4))), 4);
  return Buffer.concat([prefix, payload]);
}

/** Every record of a segment whose header was decoded as `header`, and every gap. Nothing is yielded that fails its CRC. */
export function* framesOf(bytes: Buffer, header: SegmentHeader | "damaged"): Generator<Frame> {
  let offset = header === "damaged" ? 0 : HEADER_LENGTH;
  while (offset < bytes.length) {
    const payload = recordAt(bytes, offset);
    if (payload !== null) {
      yield { kind: "record", offset, payload };
      offset += PREFIX_LENGTH + payload.length;
    } else {
      const next = nextRecord(bytes, offset + 1);
      yield { kind: "gap", offset, end: next ?? bytes.length, isTail: next === null };
      offset = next ?? bytes.length;
    }
  }
}

function recordAt(bytes: Buffer, offset: number): Buffer | null {
  const start = offset + PREFIX_LENGTH;
  if (start > bytes.length) return null;
  const end = start + bytes.readUInt32BE(offset);
  if (end > bytes.length) return null;
  const payload = bytes.subarray(start, end);
  const expected = crc32(payload, crc32(bytes.subarray(offset, offset + 4)));
  return bytes.readUInt32BE(offset + 4) === expected ? payload : null;
}

/** Where the first record at or after `from` begins. Every payload begins with a brace, so only those places are tried. */
function nextRecord(bytes: Buffer, from: number): number | null {
  let brace = bytes.indexOf(OPENING_BRACE, from + PREFIX_LENGTH);
  while (brace >= 0) {
    const offset = brace - PREFIX_LENGTH;
    if (recordAt(bytes, offset) !== null) return offset;
    brace = bytes.indexOf(OPENING_BRACE, brace + 1);
  }
  return null;
}
