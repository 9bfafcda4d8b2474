import type { Diagnosis } from "./cause.ts";

/** What keeps a connection that is refreshed well from serving everything that it is for. */
export interface Lack {
  missingScopes: readonly string[];
  /** Claims that an API wants to be said; null: none does. */
  claims: string | null;
}

/** Why a connection that lacks something is degraded; null when it lacks nothing. A person has to sign in for both. */
export function diagnosisOfLack({ missingScopes, claims }: Lack): Diagnosis | null {
  if (claims !== null) {
    return { cause: "interaction_required", confidence: "certain", evidence: { code: "insufficient_claims" } };
  }
  if (missingScopes.length === 0) return null;
  return { cause: "scope_insufficient", confidence: "certain", evidence: { missing: missingScopes.join(" ") } };
}

/** Does `after` lack what `before` did not? */
export function lacksMore(before: Lack, after: Lack): boolean {
  if (after.claims !== null && after.claims !== before.claims) return true;
  return after.missingScopes.some((scope) => !before.missingScopes.includes(scope));
}
