import type { Clock } from "./clock.ts";

/**
 * Asks once for everybody who waits, and again when the answer is older than is wanted. A failure is kept for `failureKeptMs`, so
 * that what cannot be reached is not asked by everybody who comes.
 */
export function createKept<T>(
  clock: Clock,
  ask: () => Promise<T>,
  failureKeptMs = 0,
): (olderThanMs: number) => Promise<T> {
  let kept: { answer: Promise<T>; at: number; failedAt: number | null } | null = null;
  return (olderThanMs) => {
    const now = clock.monotonic();
    const keptMs = kept?.failedAt === null ? olderThanMs : failureKeptMs;
    if (kept && now - (kept.failedAt ?? kept.at) < keptMs) return kept.answer;
    const asked = { answer: ask(), at: now, failedAt: null as number | null };
    kept = asked;
    asked.answer.catch(() => {
      asked.failedAt = clock.monotonic();
    });
    return asked.answer;
  };
}
