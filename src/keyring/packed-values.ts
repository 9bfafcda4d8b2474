import { recordKeyVersion, openRecord, SALT, sealRecord, type RecordKey } from "./record.ts";
import { withVersion } from "./aad.ts";

/** A sealed value, and what it is to be sealed anew with besides a key. */
export interface ToReseal {
  /** Without the version of a key. */
  aad: Uint8Array;
  salt: Uint8Array;
  sealed: Uint8Array;
}

/**
 * Values on their way to a thread and back, in one buffer that changes hands: a buffer for each would be copied, which takes as
 * long as sealing. For each value:
 *
 * ```
 * 1 when it is sealed anew | length of the AAD, 2 bytes big-endian | length of the record, 4 | salt, 32 | AAD | record
 * ```
 *
 * What is sealed anew is as long as it was, and stands where it was.
 */
const AAD_LENGTH = 1;
const RECORD_LENGTH = 3;
const HEADER = 7;

export function pack(values: readonly ToReseal[]): ArrayBuffer {
  const size = values.reduce((sum, { aad, sealed }) => sum + HEADER + SALT + aad.length + sealed.length, 0);
  const bytes = Buffer.from(new ArrayBuffer(size));
  let start = 0;
  for (const { aad, salt, sealed } of values) {
    bytes.writeUInt16BE(aad.length, start + AAD_LENGTH);
    bytes.writeUInt32BE(sealed.length, start + RECORD_LENGTH);
    bytes.set(salt, start + HEADER);
    bytes.set(aad, start + HEADER + SALT);
    bytes.set(sealed, start + HEADER + SALT + aad.length);
    start += HEADER + SALT + aad.length + sealed.length;
  }
  return bytes.buffer;
}

/** Seals every value anew with the newest of the keys. No plaintext outlives its turn. */
export function resealPacked(packed: ArrayBuffer, keys: readonly RecordKey[]): void {
  const newest = keys.reduce((one, other) => (other.version > one.version ? other : one));
  const bytes = Buffer.from(packed);
  for (const { start, aadAt, recordAt, end } of entriesOf(bytes)) {
    const [aad, record] = [bytes.subarray(aadAt, recordAt), bytes.subarray(recordAt, end)];
    const key = keys.find(({ version }) => version === recordKeyVersion(record));
    const plaintext = key && openRecord(key, withVersion(aad, key.version), record);
    if (!plaintext) continue;
    const salt = bytes.subarray(aadAt - SALT, aadAt);
    record.set(sealRecord(newest, withVersion(aad, newest.version), plaintext, { bytes: () => salt }));
    plaintext.fill(0);
    bytes[start] = 1;
  }
}

/** The values in their order; null for each that could not be opened. */
export function unpack(packed: ArrayBuffer): (Uint8Array | null)[] {
  const bytes = Buffer.from(packed);
  return entriesOf(bytes).map(({ start, recordAt, end }) =>
    bytes[start] === 1 ? bytes.subarray(recordAt, end) : null,
  );
}

interface Entry {
  start: number;
  aadAt: number;
  recordAt: number;
  end: number;
}

function entriesOf(bytes: Buffer): Entry[] {
  const entries: Entry[] = [];
  for (let start = 0; start < bytes.length;) {
    const aadAt = start + HEADER + SALT;
    const recordAt = aadAt + bytes.readUInt16BE(start + AAD_LENGTH);
    const end = recordAt + bytes.readUInt32BE(start + RECORD_LENGTH);
    entries.push({ start, aadAt, recordAt, end });
    start = end;
  }
  return entries;
}
