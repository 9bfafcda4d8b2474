import type { KeyStore } from "../access/key-store.ts";
import type { Rekey, RekeyStore } from "../access/rekey-store.ts";
import { SEALED_TABLES, type SealedStore } from "../access/sealed-store.ts";
import type { Journal } from "../connection/journal.ts";
import { DAY, HOUR, SECOND, type Clock } from "../runtime/clock.ts";
import type { Observer } from "../runtime/observer.ts";
import { codeOf } from "../runtime/service-error.ts";
import type { Keyring } from "./keyring.ts";
import { rekeyBatches } from "./rekey-batches.ts";
import { createRekeyPace } from "./rekey-pace.ts";

/** Seals all that a tenant has with the newest version of its key, while everything goes on, and deletes keys that are over. */
export interface Rekeyer {
  /** Looks for work until `stop` is called; of several instances, one works for a tenant at a time. */
  start(): void;
  /** Resolves when the batches under way are over; somebody else goes on with the next. */
  stop(): Promise<void>;
}

export interface RekeyerDeps {
  clock: Clock;
  observer: Observer;
  keyring: Pick<Keyring, "reseal" | "rest">;
  sealed: SealedStore;
  rekeys: RekeyStore;
  keys: Pick<KeyStore, "purge">;
  instanceId: string;
  /** Has the process of that instance provably ended? */
  isGone: Journal["isGone"];
  /** The most that this instance seals anew. */
  valuesPerSecond: number;
  /** Lets requests be answered; asked before each batch is read, and before it is stored. */
  breathe(): Promise<void>;
}

const INTERVAL = 5 * SECOND;
/** A day longer than journals are kept: they may hold what a retired key has sealed. */
const RETIRED_KEPT = 8 * DAY;
const PURGE_INTERVAL = HOUR;
/** Longer than a batch may take and a pause of the process may last; who comes back later finds that another has gone on. */
const LEASE = 15 * SECOND;

export function createRekeyer(deps: RekeyerDeps): Rekeyer {
  const { clock, rekeys, observer, instanceId } = deps;
  const pace = createRekeyPace(clock, deps.valuesPerSecond);
  const breathe = inTurns(deps);
  const lease = { owner: instanceId, leaseMs: LEASE };
  const stopping = new AbortController();
  let rounds: Promise<void> = Promise.resolve();
  let purgedAt = Number.NEGATIVE_INFINITY;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (clock.monotonic() - purgedAt >= PURGE_INTERVAL) await purge().catch(report);
      const rekey = await claim().catch(report);
      if (rekey) {
        await work(rekey).catch(report);
      } else {
        await deps.keyring.rest();
        await clock.sleep(INTERVAL, stopping.signal);
      }
    }
    await deps.keyring.rest();
  }

  async function claim(): Promise<Rekey | null> {
    for (const { tenantId, atWork } of await rekeys.list()) {
      if (atWork && deps.isGone(atWork.owner)) await rekeys.giveBack(tenantId, atWork.owner);
    }
    return rekeys.claim(instanceId, LEASE);
  }

  async function purge(): Promise<void> {
    purgedAt = clock.monotonic();
    const deleted = await deps.keys.purge(RETIRED_KEPT);
    if (deleted > 0) observer.event("key.purged", { deleted });
  }

  async function work(claimed: Rekey): Promise<void> {
    const { signal } = stopping;
    let { place, done } = claimed;
    for await (const batch of rekeyBatches({ ...deps, breathe, report, size: pace.batch, signal }, claimed)) {
      await breathe();
      const replaced = await rekeys.advance({ ...claimed, place: batch.place }, batch.rows, lease);
      if (replaced === null) return;
      place = batch.place;
      done += replaced;
      await pace.spend(batch.values, signal);
    }
    if (signal.aborted) await rekeys.giveBack(claimed.tenantId, instanceId);
    else await complete({ ...claimed, place, done }, done - claimed.done);
  }

  /** Somebody who did not know of the newest version yet may have stored more; what cannot be opened is left as it is. */
  async function complete(rekey: Rekey, replaced: number): Promise<void> {
    const { tenantId, version } = rekey;
    const older = [...(await deps.sealed.versions(tenantId)).keys()].filter((other) => other < version);
    if (older.length > 0 && replaced > 0) {
      const again = { ...rekey, place: { table: SEALED_TABLES[0], after: null } };
      await rekeys.advance(again, [], lease);
      return rekeys.giveBack(tenantId, instanceId);
    }
    await rekeys.finish(rekey, instanceId);
    observer.event("rekey.finished", { tenantId, version, values: rekey.done, left: older.length });
  }

  function report(error: unknown): null {
    if (!stopping.signal.aborted) observer.event("rekey.failed", { code: codeOf(error) });
    return null;
  }

  return {
    start: () => void (rounds = run()),
    stop: async () => {
      stopping.abort();
      await rounds;
    },
  };
}

/** Each after the one before: a batch that is read and one that is stored are not let go at the same moment. */
function inTurns(deps: Pick<RekeyerDeps, "breathe">): () => Promise<void> {
  let last = Promise.resolve();
  return () => (last = last.then(() => deps.breathe()));
}
