import type { Clock } from "./clock.ts";
import type { Random } from "./random.ts";

export type IdPrefix =
  | "con"
  | "cli"
  | "sec"
  | "ten"
  | "cs"
  | "exp"
  | "key"
  | "vrt"
  | "ops"
  | "ins"
  | "cam"
  | "inc"
  | "sev"
  | "sgn"
  | "chg"
  | "whe"
  | "whs";

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** Makes an id such as `con_01k…`: 48 bits of time, then 80 random bits in Crockford base 32, so that ids sort by age. */
export function createId(prefix: IdPrefix, clock: Clock, random: Random): string {
  return `${prefix}_${encodeTime(clock.now())}${encodeRandom(random.bytes(16))}`;
}

/** True when `text` has the shape of an id with this prefix; says nothing about whether it exists. */
export function isId(prefix: IdPrefix, text: string): boolean {
  return text.startsWith(`${prefix}_`) && /^[a-z]{2,3}_[0-9a-hjkmnp-tv-z]{26}$/.test(text);
}

function encodeTime(milliseconds: number): string {
  let rest = milliseconds;
  let text = "";
  for (let i = 0; i < 10; i++) {
    text = ALPHABET.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

function encodeRandom(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => ALPHABET.charAt(byte & 31)).join("");
}
