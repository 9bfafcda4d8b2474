import { BRAKE_PATIENCE, BRAKE_WINDOW } from "../refresh/brake.ts";
import { MINUTE } from "../runtime/clock.ts";
import type { MemberCondition, Verdict } from "./incident.ts";

/** How a connection is when something is heard of it again. */
export interface Turn {
  was: MemberCondition | "well";
  is: MemberCondition | "well" | "gone";
  /** A person consented anew. */
  byConsent: boolean;
  /** Its token set is the one that follows the rejected one: no spare and no journal has helped. */
  isNext: boolean;
}

/** What one connection teaches of all that were rejected with it; null when nothing. */
export function lessonOf({ was, is, byConsent, isNext }: Turn): Exclude<Verdict, "undecided"> | null {
  if (was !== "held" && was !== "tried") return null;
  if (is === "well" && !byConsent && isNext) return "bad_hour";
  return is === "ended" ? "meant" : null;
}

/** An incident that is not decided yet. Times are epoch milliseconds. */
export interface Inquiry {
  openedAt: number;
  /** When the last connection was ended in it. */
  lastEndedAt: number;
  /** Members that are asked about again by themselves, and those that may be tried once more. */
  held: number;
  tried: number;
  mayBeTried: number;
  now: number;
}

/** Without anybody who is asked about again: long enough after the last rejection for a provider's bad minutes to be over. */
export const TRY_AFTER = BRAKE_WINDOW + MINUTE;

/** Nobody is kept waiting for longer: the brake's patience, and a back-off after it. */
export const LONGEST_INQUIRY = BRAKE_PATIENCE + 3 * BRAKE_WINDOW;

/** After a bad hour, whoever has to wait for a turn was tried again by then. */
export const TRIED_WITHIN = 2 * BRAKE_WINDOW;

/** What to do about an incident of which nobody has learned anything yet. */
export function nextStep({
  openedAt,
  lastEndedAt,
  held,
  tried,
  mayBeTried,
  now,
}: Inquiry): "wait" | "try_one" | "believe" {
  if (now >= openedAt + LONGEST_INQUIRY) return "believe";
  if (held > 0 || tried > 0) return "wait";
  if (mayBeTried === 0) return "believe";
  return now >= lastEndedAt + TRY_AFTER ? "try_one" : "wait";
}
