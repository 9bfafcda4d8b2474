import type { Diagnosis } from "../connection/cause.ts";
import type { Snapshot } from "../connection/store.ts";

/** How far an imported connection is ours alone. */
export const HANDOVER_STATES = ["untouched", "refreshed_once", "ours", "contested", "ended"] as const;

export type HandoverState = (typeof HANDOVER_STATES)[number];

/** What there is to do, as a sentence for the operator. */
export const HANDOVER_ADVICE: Readonly<Record<HandoverState, string>> = {
  untouched: "Not refreshed here since the import, so nothing tells yet whether the previous owner has stopped.",
  refreshed_once: "Refreshed here once; the next refresh tells whether the previous owner has stopped.",
  ours: "Refreshed here with what an earlier refresh brought, so nobody else has replaced it.",
  contested:
    "Rejected after the import as if somebody else had used it: stop the previous owner first, then let the user reconnect.",
  ended: "It ended for another reason; its diagnosis names it.",
};

/**
 * Reads it from the generations: the first is what was imported, the second came for that, and a third proves that nobody has
 * replaced the second. What a person has consented to since was never somebody else's.
 */
export function handoverState({ connection, tokens }: Pick<Snapshot, "connection" | "tokens">): HandoverState {
  const { status, diagnosis, consentedAt } = connection;
  if (status === "reauthorization_required") return isContested(diagnosis) ? "contested" : "ended";
  if (status === "disconnected") return "ended";
  if (consentedAt !== null || tokens.generation > 2) return "ours";
  return tokens.generation === 1 ? "untouched" : "refreshed_once";
}

function isContested(diagnosis: Diagnosis | null): boolean {
  return diagnosis?.cause === "refresh_token_reused" || diagnosis?.evidence["previous_owner_may_refresh"] === true;
}
