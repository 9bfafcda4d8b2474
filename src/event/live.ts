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

interface Follower {
  tenantId: string;
  told(change: Change): void;
}

/** One look a second serves all who follow; while nobody does, nothing is looked at. */
export function createLive({ clock, outbox, observer }: LiveDeps): Live {
  const followers = new Set<Follower>();
  let isRunning = false;

  async function run(): Promise<void> {
    let seen: ReadonlySet<number> | null = null;
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

  /** Nothing that was there before anybody followed is told. */
  async function look(seen: ReadonlySet<number> | null): Promise<ReadonlySet<number>> {
    const newest = Math.max(0, ...(seen ?? [await outbox.newest()]));
    const events = await outbox.since(newest - OVERLAP, AT_ONCE);
    if (seen) for (const event of events) if (!seen.has(event.number)) tell(event);
    return new Set([newest, ...events.map(({ number }) => number)]);
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
