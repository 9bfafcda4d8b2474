import { DAY, SECOND, type Clock } from "../../runtime/clock.ts";
import type { NoTurn } from "./pace.ts";

/** Asking again sooner makes no sense: a wait that was expected to be short has just turned out not to be. */
const SOONEST = SECOND;

/** What is further off cannot be foreseen. */
const LATEST = DAY;

/** The breaker is open for `waitMs` more. */
export function unavailable(clock: Clock, waitMs: number): NoTurn {
  return { kind: "no_turn", cause: "provider_unavailable", until: Math.ceil(clock.now() + waitMs) };
}

/** A turn would probably come in `waitMs`. */
export function rateLimited(clock: Clock, waitMs: number): NoTurn {
  const wait = Math.min(LATEST, Math.max(SOONEST, waitMs));
  return { kind: "no_turn", cause: "provider_rate_limited", until: Math.ceil(clock.now() + wait) };
}
