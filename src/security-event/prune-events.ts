import { DAY } from "../runtime/clock.ts";
import { createRounds, type Rounds, type RoundsDeps } from "../runtime/rounds.ts";
import type { SecurityEventStore } from "./store.ts";
import { EVENTS_KEPT } from "./verify-token.ts";

export interface PruneDeps extends RoundsDeps {
  events: Pick<SecurityEventStore, "prune">;
}

/** Longer than a token is taken: its clock may be ahead of ours. */
const FORGOTTEN = EVENTS_KEPT + DAY;

/** Forgets events once a day that are so old that a token which told of them would be refused for its age. */
export function pruneEvents(deps: PruneDeps): Rounds {
  return createRounds(deps, DAY, () => deps.events.prune(deps.clock.now() - FORGOTTEN));
}
