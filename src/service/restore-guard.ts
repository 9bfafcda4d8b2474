import { KEPT } from "../journal/retention.ts";
import { listInstances } from "../journal/folder.ts";
import { HEARTBEAT_INTERVAL, type InstanceStore } from "../refresh/instances.ts";
import type { RefreshPorts } from "../refresh/ports.ts";
import { bringAllToStore } from "../refresh/recover.ts";
import { hasNews, merge, newestSince, relationOf, remember, type Seen } from "../refresh/restore-evidence.ts";
import { staticProviders } from "../refresh/static-providers.ts";
import type { Followed, Knowledge, Past, RestoreStore } from "../refresh/restores.ts";
import { replayEverything } from "./replay-journals.ts";
import { journalSize, readSeen, writeSeen } from "./restore-guard-file.ts";
import { StartError } from "./start-error.ts";

export interface GuardDeps extends Pick<
  RefreshPorts,
  "clock" | "random" | "observer" | "connections" | "journal" | "catalogue" | "instanceId"
> {
  dataDir: string;
  instances: InstanceStore;
  restores: RestoreStore;
  /** A database that lost no more than this has failed over, and living instances have what it lost. */
  forgivesMs: number;
}

/**
 * Signs of life that notice when the database is not the one it was (DESIGN S15). Before anything is claimed then, all journals
 * of the data directory are replayed, and the connections are held whose newest refresh token nobody can know. Until that is
 * done this instance counts as one that has not compared, so that no other claims either.
 *
 * Throws `StartError` when the data directory is that of the database from which this one was cloned, or the other way round.
 */
export async function guardInstances(deps: GuardDeps): Promise<InstanceStore> {
  const { clock, dataDir, instanceId, instances, observer, restores } = deps;
  let seen = await recall(deps);
  let size = 0;
  /** Until all is done about it, however often the database counts on meanwhile. */
  let isBehind = false;

  async function beat(id: string, verified: number) {
    // What has not been made up for is not counted beyond, so that a later start finds it still.
    const past = (isBehind ? await restores.past() : null) ?? (await restores.follow(followed()));
    isBehind ||= hasNews(seen, past) || (seen !== null && past.beats <= seen.beats);
    if (isBehind) await whileUnverified(() => catchUp(past));
    isBehind = false;
    const told = await instances.beat(id, verified);
    await note(past);
    return told;
  }

  async function followOnce(): Promise<void> {
    const past = await restores.follow(followed());
    const wentOn = seen !== null && past.beats > seen.beats;
    if (wentOn && !hasNews(seen, past)) await note(past);
  }

  function followed(): Followed | null {
    return seen && { ...seen, forgivesMs: deps.forgivesMs };
  }

  async function catchUp(past: Past): Promise<void> {
    if (!hasNews(seen, past)) return afterFailover(past);
    const { raised, ...journals } = await replayEverything(deps);
    const since = newestSince(seen, past, journals, KEPT);
    const held = await holdAll({ newestSince: since, staticProviders: await staticProviders(deps.catalogue) }, raised);
    const found = { asOf: past.restore?.from, replayed: raised.length, held, complete: since === 0 };
    // A new data directory has missed nothing, however often the database was restored before.
    if (seen !== null || past.restore?.pending === true) observer.event("database.restored", { instanceId, ...found });
    // What is lost stays lost: the journals are whole only from now on.
    if (since === null) seen = null;
  }

  /** What the database may have lost is not older than that by much. */
  async function afterFailover({ now }: Past): Promise<void> {
    const since = (seen?.at ?? now) - 2 * deps.forgivesMs;
    await bringAllToStore(deps, await deps.journal.since(since));
  }

  async function holdAll(knowledge: Knowledge, raised: readonly string[]): Promise<number> {
    let held = 0;
    for (let done = false; !done;) {
      const window = await restores.hold(knowledge);
      held += window.held;
      done = window.done;
    }
    return held + (await restores.holdAmong(raised, knowledge));
  }

  /** Lives visibly meanwhile, as one that has not compared its journal with the database yet. */
  async function whileUnverified(work: () => Promise<void>): Promise<void> {
    const done = new AbortController();
    await instances.beat(instanceId, 0);
    const beating = (async () => {
      for (;;) {
        await clock.sleep(HEARTBEAT_INTERVAL, done.signal);
        if (done.signal.aborted) return;
        await instances.beat(instanceId, 0).catch(() => undefined);
      }
    })();
    try {
      await work();
    } finally {
      done.abort();
      await beating;
    }
  }

  /** A note that cannot be written is written with the next one; less is known until then. */
  async function note(past: Past): Promise<void> {
    const before = size;
    size = await journalSize(dataDir, instanceId);
    const here = await listInstances(dataDir);
    const isWritable = deps.journal.isWritable();
    const noted = seen && (await readSeen(dataDir));
    const known = seen && noted && relationOf(seen, noted) === "same" ? merge(seen, noted) : seen;
    seen = remember(known, past, { own: instanceId, here, isWritable, hasGrown: size > before });
    await writeSeen(dataDir, seen).catch(() => undefined);
  }

  return {
    beat,
    leave: async (id) => {
      // The last commits came after the last sign of life.
      await followOnce().catch(() => undefined);
      await instances.leave(id);
    },
  };
}

/** What the data directory remembers of this database. */
async function recall({ dataDir, restores, observer, instanceId }: GuardDeps): Promise<Seen | null> {
  const [seen, past] = await Promise.all([readSeen(dataDir), restores.past()]);
  if (seen === null || past === null) return null;
  switch (relationOf(seen, past)) {
    case "same":
      return seen;
    case "other":
      observer.event("database.unknown", { instanceId });
      return null;
    case "clone":
      throw new StartError(
        "settings",
        "One of the database and the data directory belongs to a clone, and the other to the original. Give each its own EVERGRANT_DATA_DIR.",
      );
  }
}
