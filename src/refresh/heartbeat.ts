import { HOUR, MINUTE } from "../runtime/clock.ts";
import { codeOf } from "../runtime/service-error.ts";
import { ROLL_CALL } from "../connection/claim.ts";
import { HEARTBEAT_INTERVAL, type Beat, type InstanceStore } from "./instances.ts";
import type { RefreshPorts } from "./ports.ts";
import { bringAllToStore } from "./recover.ts";
import type { Refresher } from "./refresh.ts";

export interface Heartbeat {
  /** Makes this instance known; resolves when it is, and goes on giving signs of life. Throws when the store is down. */
  start(): Promise<void>;
  /** The last sign of life; the instance holds nothing any more. */
  stop(): Promise<void>;
}

export interface HeartbeatDeps extends Pick<
  RefreshPorts,
  "clock" | "random" | "observer" | "connections" | "journal" | "pace" | "instanceId"
> {
  instances: InstanceStore;
  refresher: Pick<Refresher, "reassertClaims">;
}

/** A database that fails over loses seconds at most, since the last time it was heard; the rest is for clocks that jump. */
const COULD_BE_LOST = 15 * MINUTE;
/** The same for the first sign of life: the database may have come back while nobody here was running. */
const COULD_BE_LOST_BEFORE = HOUR;

/** Gives signs of life, learns how many others do, and compares the journal with a database that came back (DESIGN §5.2). */
export function createHeartbeat(deps: HeartbeatDeps): Heartbeat {
  const { clock, instances, instanceId, observer, pace } = deps;
  const stopping = new AbortController();
  let verified = 0;
  let beats: Promise<void> = Promise.resolve();
  let silent = false;
  let heardAt = clock.now() - COULD_BE_LOST_BEFORE + COULD_BE_LOST;

  async function beat(): Promise<void> {
    const told = await instances.beat(instanceId, verified);
    pace.setShare(1 / Math.max(1, told.living));
    if (told.incarnation !== verified) await verify(told);
    // All leases may have run out meanwhile: whoever has waited for the database too is to know what is under way here.
    else if (silent) await deps.refresher.reassertClaims("outage");
    if (silent) observer.event("instance.heard_again", { instanceId });
    silent = false;
    heardAt = clock.now();
  }

  /** Until this instance has compared, nobody claims: the commit that was lost may be in its journal alone. */
  async function verify({ incarnation }: Beat): Promise<void> {
    const first = verified === 0;
    if (!first) observer.event("database.changed", { instanceId, incarnation });
    await bringAllToStore(deps, await deps.journal.since(heardAt - COULD_BE_LOST));
    if (!first) {
      await deps.refresher.reassertClaims("failover");
      await clock.sleep(ROLL_CALL, stopping.signal);
    }
    verified = incarnation;
    await instances.beat(instanceId, verified);
  }

  async function go(): Promise<void> {
    while (!stopping.signal.aborted) {
      await clock.sleep(HEARTBEAT_INTERVAL, stopping.signal);
      if (stopping.signal.aborted) return;
      await beat().catch((error: unknown) => {
        if (!silent) observer.event("instance.silent", { instanceId, code: codeOf(error) });
        silent = true;
      });
    }
  }

  return {
    start: async () => {
      await beat();
      observer.event("instance.joined", { instanceId });
      beats = go();
    },
    stop: async () => {
      stopping.abort();
      await beats;
      await instances.leave(instanceId).catch(() => undefined);
    },
  };
}
