import type { Clock } from "../../runtime/clock.ts";
import type { Observer } from "../../runtime/observer.ts";
import type { Random } from "../../runtime/random.ts";
import { createForgetfulMap } from "./forgetful-map.ts";
import { createHost, type Host } from "./host.ts";
import { PRIORITIES, type Pace } from "./pace.ts";
import { createWaitersByKey } from "./waiters-by-key.ts";

export interface PaceDeps {
  clock: Clock;
  random: Random;
  observer: Observer;
}

export function createPace(deps: PaceDeps): Pace {
  const waitersByKey = createWaitersByKey();
  const hosts = createForgetfulMap(
    (name: string) => createHost({ ...deps, waitersByKey }, name, share),
    (host) => host.isForgettable(),
  );
  let share = 1;

  return {
    turn: (key, to, priority, patienceMs) =>
      hosts.get(to.host).turn({ key, to, rank: PRIORITIES.indexOf(priority), patienceMs }),

    raise: (key, priority) => {
      for (const waiter of waitersByKey.of(key)) waiter.raise(PRIORITIES.indexOf(priority));
    },

    capacities: () => capacitiesAt(hosts.values()),

    setShare: (part) => {
      if (part === share) return;
      share = part;
      for (const host of hosts.values()) host.setShare(part);
    },
  };
}

/** A client that has to wait at one of its hosts and not at another does not have to wait. */
function capacitiesAt(hosts: Iterable<Host>): Map<string, number> {
  const capacities = new Map<string, number>();
  for (const host of hosts) {
    for (const { clientId, capacity } of host.capacities()) {
      capacities.set(clientId, Math.max(capacity, capacities.get(clientId) ?? 0));
    }
  }
  return capacities;
}
