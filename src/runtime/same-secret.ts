import { timingSafeEqual } from "node:crypto";

/** Compares what only one side should know, or a hash of it, without telling by the time it takes how much of it is right. */
export function sameSecret(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)];
  return a.length === b.length && timingSafeEqual(a, b);
}
