import { hash } from "node:crypto";

/** Bytes that SHA-256 takes at a time, and gives. */
const BLOCK = 64;
const DIGEST = 32;

/**
 * The first 64 bytes of HKDF-SHA256 (RFC 5869 §2). `hkdfSync` gives the same and takes several times as long, which is most of what
 * a sealed value would cost: for so few bytes, what takes time is to make objects of Node's, and to do anything twice.
 */
export function hkdf64(key: Uint8Array, salt: Uint8Array, info: Uint8Array): Buffer {
  const [first, second] = [BLOCK, BLOCK + DIGEST];
  makeRoom(second + Math.max(key.length, info.length) + 1);
  setKey(salt);
  inner.set(key, first);
  digestInto(pseudorandomKey, 0, first + key.length);

  setKey(pseudorandomKey);
  const output = Buffer.allocUnsafe(2 * DIGEST);
  inner.set(info, first);
  inner[first + info.length] = 1;
  digestInto(output, 0, first + info.length + 1);
  output.copy(inner, first, 0, DIGEST);
  inner.set(info, second);
  inner[second + info.length] = 2;
  digestInto(output, DIGEST, second + info.length + 1);
  for (const used of [inner, outer, pseudorandomKey]) used.fill(0);
  return output;
}

/**
 * What the two hashes of HMAC-SHA256 (RFC 2104 §2) take: the padded key, and after it the message or the digest of the first.
 * Written over by each call, and zeroed at its end: keys pass through.
 */
let inner = Buffer.alloc(512);
const outer = Buffer.alloc(BLOCK + DIGEST);
const pseudorandomKey = Buffer.alloc(DIGEST);

function makeRoom(bytes: number): void {
  if (bytes > inner.length) inner = Buffer.alloc(bytes);
}

function setKey(key: Uint8Array): void {
  const short = key.length > BLOCK ? hash("sha256", key, "buffer") : key;
  for (let place = 0; place < BLOCK; place++) {
    const byte = short[place] ?? 0;
    inner[place] = byte ^ 0x36;
    outer[place] = byte ^ 0x5c;
  }
}

/** HMAC of what stands in `inner` up to `end`. */
function digestInto(output: Buffer, at: number, end: number): void {
  writeHash(outer, BLOCK, inner.subarray(0, end));
  writeHash(output, at, outer);
}

/** As text, with a character for each byte: it takes a third of the time that a new buffer takes. */
function writeHash(output: Buffer, at: number, message: Buffer): void {
  output.write(hash("sha256", message, "binary"), at, DIGEST, "latin1");
}
