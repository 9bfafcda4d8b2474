import { createHash } from "node:crypto";

/** Choices that a seed repeats. What the processes do in between is their own, so a run is not repeated as a whole. */
export interface Chance {
  between(least: number, most: number): number;
  /** Undefined only when there is nothing to pick from. */
  pick<T>(from: readonly T[]): T | undefined;
  happens(probability: number): boolean;
}

export function createChance(seed: number): Chance {
  let count = 0;

  function fraction(): number {
    return createHash("sha256").update(`${seed} ${count++}`).digest().readUInt32BE() / 2 ** 32;
  }

  return {
    between: (least, most) => least + fraction() * (most - least),
    pick: (from) => from[Math.floor(fraction() * from.length)],
    happens: (probability) => fraction() < probability,
  };
}
