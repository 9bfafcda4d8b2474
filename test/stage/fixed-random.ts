import type { Random } from "../../src/runtime/random.ts";

/** Chance without chance: every fraction is this one, every byte is zero. */
export function fixedRandom(fraction: number): Random {
  return { fraction: () => fraction, bytes: (length) => new Uint8Array(length) };
}
