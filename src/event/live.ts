import { SECOND, type Clock } from "../runtime/clock.ts";
import type { Observer } from "../runtime/observer.ts";
import { codeOf } from "../runtime/service-error.ts";
import type { OutboxEvent } from "./event.ts";
import type { OutboxStore } from "./outbox.ts";

/** Something of a tenant has changed; what it is now is read from where it is. */
export interface Change {
  tenantId: string;
  kind: "connection" | "client" | "incident";
  id: string;
}

/** Tells of changes soon after they were stored, by whichever instance. */
export interface Live {
  /** From now on, until the signal is aborted. */
  follow(tenantId: string, told: (change: Change) => void, until: AbortSignal): void;
}

export interface LiveDeps {
  clock: Clock;
  outbox: Pick<OutboxStore, "newest" | "since">;
  observer: Observer;
}

const EVERY = SECOND;
/** An event may be stored after one with a higher number: those are looked at again. */
const OVERLAP = 200;
/** Of more in a second, the older are left out: who follows reads anew anyway. */
const AT_ONCE = 1000;

/** What was looked at last. */
interface Seen {
  newest: number;
  events: ReadonlyMap<number, OutboxEvent>;
}

interface Follower {
  tenantId: string;
  told(change: Change): void;
}

/** One look a second serves all who follow; while nobody does, nothing is looked at. */
export function createLive({ clock, outbox, observer }: LiveDeps): Live {
  const followers = new Set<Follower>();
  let isRunning = false;

  async function run(): Promise<void> {
    let seen: Seen | null = null;
    let isFailing = false;
    while (followers.size > 0) {
      try {
        seen = await look(seen);
        isFailing = false;
      } catch (error) {
        if (!isFailing) observer.event("store.failed", { code: codeOf(error) });
        isFailing = true;
      }
      await clock.sleep(EVERY);
    }
    isRunning = false;
  }

  /** Nothing that was there before anybody followed is told. What was taken back before it was told elsewhere is a change again. */
  async function look(seen: Seen | null): Promise<Seen> {
    const before = seen?.newest ?? (await outbox.newest());
    const found = await outbox.since(before - OVERLAP, AT_ONCE);
    const events = new Map(found.map((event) => [event.number, event]));
    for (const event of found) if (seen?.events.has(event.number) === false) tell(event);
    for (const event of seen?.events.values() ?? []) {
      if (event.number > before - OVERLAP && !events.has(event.number)) tell(event);
    }
    return { newest: Math.max(before, ...events.keys()), events };
  }

  function tell(event: OutboxEvent): void {
    for (const change of changesOf(event)) {
      for (const follower of followers) if (follower.tenantId === change.tenantId) follower.told(change);
    }
  }

  return {
    follow: (tenantId, told, until) => {
      const follower = { tenantId, told };
      followers.add(follower);
      until.addEventListener("abort", () => followers.delete(follower), { once: true });
      if (isRunning) return;
      isRunning = true;
      void run();
    },
  };
}

function changesOf({ tenantId, connectionId, clientId, incidentId }: OutboxEvent): Change[] {
  return [
    ...(connectionId === null ? [] : [{ tenantId, kind: "connection", id: connectionId } as const]),
    // An event of a connection names its client too, which has not changed.
    ...(clientId === null || connectionId !== null ? [] : [{ tenantId, kind: "client", id: clientId } as const]),
    ...(incidentId === null ? [] : [{ tenantId, kind: "incident", id: incidentId } as const]),
  ];
}
