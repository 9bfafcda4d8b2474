import type { Claim } from "../connection/claim.ts";
import type { Snapshot } from "../connection/store.ts";

/** When the newest refresh token was first sent without a known answer, as of before `claim`; null when it was not. */
export function unansweredSince({ lease, tokens }: Snapshot, claim: Claim | null): number | null {
  if (claim) return claim.earlier?.firstAt ?? null;
  return lease.attemptGeneration === tokens.generation ? lease.attemptAt : null;
}
