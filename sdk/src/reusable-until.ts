const LONGEST_WITHOUT_END_MS = 300_000;

/**
 * Until when a token that came at `receivedAt` may be sent, in milliseconds since the epoch: `minTtlMs` before its end, or
 * half of its life when it lives no longer than that. A token without a known end is asked for again every 5 minutes, so
 * that a disconnect does not go unnoticed for ever.
 */
export function reusableUntil(expiresAt: Date | null, receivedAt: number, minTtlMs: number): number {
  if (expiresAt === null) return receivedAt + LONGEST_WITHOUT_END_MS;
  const life = expiresAt.getTime() - receivedAt;
  return receivedAt + (life > minTtlMs ? life - minTtlMs : life / 2);
}
