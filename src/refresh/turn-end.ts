import type { Outcome } from "../provider/outcome.ts";
import type { TurnEnd } from "./pace/pace.ts";

/** What an outcome says about how many more requests its server can take. */
export function turnEndOf(outcome: Outcome): TurnEnd {
  switch (outcome.kind) {
    case "rotated":
    case "renewed":
    case "rejected":
    case "client_fault":
      return { kind: "answered" };
    case "retry_later":
      return endOfRefusal(outcome);
    case "lost":
      return { kind: "failed" };
  }
}

function endOfRefusal({ cause, retryAfterMs }: Extract<Outcome, { kind: "retry_later" }>): TurnEnd {
  switch (cause) {
    case "provider_rate_limited":
      return { kind: "throttled", retryAfterMs };
    case "provider_unavailable":
      return retryAfterMs === null ? { kind: "failed" } : { kind: "throttled", retryAfterMs };
    case "provider_response_unrecognised":
    case "revoked_by_admin":
    case "client_secret_rejected":
      return { kind: "answered" };
    case "network_policy":
      return { kind: "unused" };
  }
}
