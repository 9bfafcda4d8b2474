import type { Clock } from "../runtime/clock.ts";
import { SECOND } from "../runtime/clock.ts";
import { createId } from "../runtime/id.ts";
import type { Observer } from "../runtime/observer.ts";
import type { Random } from "../runtime/random.ts";
import { createRounds, type Rounds } from "../runtime/rounds.ts";
import type { IncidentStore } from "./store.ts";

export interface IncidentWatchDeps {
  clock: Clock;
  random: Random;
  observer: Observer;
  incidents: Pick<IncidentStore, "look" | "reprieve">;
}

export const LOOK_INTERVAL = 5 * SECOND;
/** Looks in one round, so that a crowd does not wait for the next one, and none goes on for ever. */
const MOST_LOOKS = 20;
/** More are reprieved in the next round; how fast they are sent is the pace's matter. */
const REPRIEVED_AT_ONCE = 100;

/** Looks after incidents, on every instance. */
export function watchIncidents({ clock, random, observer, incidents }: IncidentWatchDeps): Rounds {
  async function look(): Promise<boolean> {
    const { opened, resolved, decided, hasMore } = await incidents.look(() => createId("inc", clock, random));
    for (const { id, ...incident } of opened) observer.event("incident.opened", { incidentId: id, ...incident });
    for (const { id, verdict } of decided) observer.event("incident.decided", { incidentId: id, verdict });
    for (const { id, kind } of resolved) observer.event("incident.resolved", { incidentId: id, kind });
    return hasMore;
  }

  return createRounds({ clock, observer }, LOOK_INTERVAL, async () => {
    for (let looks = 1; (await look()) && looks < MOST_LOOKS;) looks++;
    for (const connectionId of await incidents.reprieve(REPRIEVED_AT_ONCE)) {
      observer.event("connection.reprieved", { connectionId });
    }
  });
}
