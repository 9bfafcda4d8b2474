/** Three of which nobody knows why do not outweigh one of which it is known. */
const UNKNOWN_WEIGHS = 1 / 3;

/**
 * The cause that most connections of an incident have; null of none. That somebody acted for all shows only when half of all were
 * rejected, so that those before them have no reason of their own: `unknown` weighs less than a reason.
 */
export function commonestCause(causes: Readonly<Record<string, number>>): string | null {
  const [first] = Object.entries(causes).toSorted((a, b) => weight(b) - weight(a));
  return first?.[0] ?? null;
}

function weight([cause, count]: [string, number]): number {
  return cause === "unknown" ? count * UNKNOWN_WEIGHS : count;
}
