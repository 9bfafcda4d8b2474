import type { Random } from "../../src/runtime/random.ts";
import { createSeededRandom } from "../stage/seeded-random.ts";

/** All chance of a run: the same seed throws the same. */
export interface Dice extends Random {
  chance(probability: number): boolean;
  /** A whole number from 0 to `end` - 1. */
  below(end: number): number;
  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number;
  pick<T>(items: readonly T[]): T;
}

export function createDice(seed: number): Dice {
  const random = createSeededRandom(seed);
  const below = (end: number): number => Math.floor(random.fraction() * end);
  return {
    ...random,
    chance: (probability) => random.fraction() < probability,
    below,
    between: (least, most) => least + below(most - least + 1),
    pick: (items) => {
      const picked = items[below(items.length)];
      if (picked === undefined) throw new Error("There is nothing to pick from.");
      return picked;
    },
  };
}
