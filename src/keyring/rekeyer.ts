import type { KeyStore } from "../access/key-store.ts";
import type { Rekey, RekeyStore } from "../access/rekey-store.ts";
import { SEALED_TABLES, type SealedRow, type SealedStore, type SealedTable } from "../access/sealed-store.ts";
import { DAY, HOUR, MINUTE, SECOND, type Clock } from "../runtime/clock.ts";
import type { Observer } from "../runtime/observer.ts";
import type { Sealer } from "../runtime/sealer.ts";
import { codeOf } from "../runtime/service-error.ts";

/** Seals all that a tenant has with the newest version of its key, while everything goes on, and deletes keys that are over. */
export interface Rekeyer {
  /** Looks for work until `stop` is called; of several instances, one works for a tenant at a time. */
  start(): void;
  /** Resolves when the batch under way is over; somebody else goes on with the next. */
  stop(): Promise<void>;
}

export interface RekeyerDeps {
  clock: Clock;
  observer: Observer;
  sealer: Pick<Sealer, "seal" | "open">;
  sealed: SealedStore;
  rekeys: RekeyStore;
  keys: Pick<KeyStore, "purge">;
  instanceId: string;
  /** Lets requests be answered between rows. */
  breathe(): Promise<void>;
}

const INTERVAL = 5 * SECOND;
/** A day longer than journals are kept: they may hold what a retired key has sealed. */
const RETIRED_KEPT = 8 * DAY;
const PURGE_INTERVAL = HOUR;
const LEASE = MINUTE;
const BATCH = 200;
/** Rows between two breaths: a few milliseconds of work. */
const AT_A_BREATH = 20;

export function createRekeyer(deps: RekeyerDeps): Rekeyer {
  const { clock, rekeys, observer, instanceId } = deps;
  const stopping = new AbortController();
  let rounds: Promise<void> = Promise.resolve();
  let purgedAt = Number.NEGATIVE_INFINITY;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (clock.monotonic() - purgedAt >= PURGE_INTERVAL) await purge().catch(report);
      const rekey = await rekeys.claim(instanceId, LEASE).catch(report);
      if (rekey) await work(rekey).catch(report);
      else await clock.sleep(INTERVAL, stopping.signal);
    }
  }

  async function purge(): Promise<void> {
    purgedAt = clock.monotonic();
    const deleted = await deps.keys.purge(RETIRED_KEPT);
    if (deleted > 0) observer.event("key.purged", { deleted });
  }

  async function work(claimed: Rekey): Promise<void> {
    const { tenantId, version } = claimed;
    let { place, done } = claimed;
    while (!stopping.signal.aborted) {
      const rows = await deps.sealed.outdated(tenantId, version, place, BATCH);
      const next = placeAfter(place.table, rows);
      if (next === null) return complete({ ...claimed, place, done }, done - claimed.done);
      done += await deps.sealed.replace(await resealed(deps, rows, report));
      place = next;
      if (!(await rekeys.advance({ ...claimed, place, done }, instanceId, LEASE))) return;
    }
    await rekeys.giveBack(tenantId, instanceId);
  }

  /** Somebody who did not know of the newest version yet may have stored more; what cannot be opened is left as it is. */
  async function complete(rekey: Rekey, replaced: number): Promise<void> {
    const { tenantId, version } = rekey;
    const older = [...(await deps.sealed.versions(tenantId)).keys()].filter((other) => other < version);
    if (older.length > 0 && replaced > 0) {
      const again = { ...rekey, place: { table: SEALED_TABLES[0], after: null } };
      await rekeys.advance(again, instanceId, LEASE);
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

/** Null when this was the last table. */
function placeAfter(table: SealedTable, rows: readonly SealedRow[]) {
  const last = rows.at(-1);
  if (last) return { table, after: last.id };
  const next = SEALED_TABLES[SEALED_TABLES.indexOf(table) + 1];
  return next === undefined ? null : { table: next, after: null };
}

/** The rows with their values sealed by the newest key, without those that cannot be opened. */
async function resealed(
  { sealer, breathe }: Pick<RekeyerDeps, "sealer" | "breathe">,
  rows: readonly SealedRow[],
  report: (error: unknown) => null,
): Promise<SealedRow[]> {
  const done: SealedRow[] = [];
  for (const [index, row] of rows.entries()) {
    if (index % AT_A_BREATH === AT_A_BREATH - 1) await breathe();
    const again = await reseal(sealer, row).catch(report);
    if (again) done.push(again);
  }
  return done;
}

async function reseal(sealer: Pick<Sealer, "seal" | "open">, row: SealedRow): Promise<SealedRow> {
  const values = [];
  for (const { column, address, sealed } of row.values) {
    values.push({ column, address, sealed: await sealer.seal(address, await sealer.open(address, sealed)) });
  }
  return { ...row, values };
}
