import { PRIORITIES } from "./pace.ts";

/** How many wait, by rank. */
export interface HeadCount {
  add(rank: number, heads?: number): void;
  /** Adds those of another count, or takes them away (`times` −1). */
  addAll(other: HeadCount, times: 1 | -1): void;
  of(rank: number): number;
  /** Those of this rank and of the ones before it. */
  upTo(rank: number): number;
}

export function createHeadCount(): HeadCount {
  const counts = PRIORITIES.map(() => 0);
  const of = (rank: number): number => counts[rank] ?? 0;

  function add(rank: number, heads = 1): void {
    counts[rank] = of(rank) + heads;
  }

  return {
    add,
    addAll: (other, times) => counts.forEach((_count, rank) => add(rank, times * other.of(rank))),
    of,
    upTo: (rank) => counts.slice(0, rank + 1).reduce((sum, count) => sum + count, 0),
  };
}
