import type { KeyStore } from "../access/key-store.ts";
import type { Rekey, RekeyStore } from "../access/rekey-store.ts";
import { SEALED_TABLES, type SealedRow, type SealedStore, type SealedTable } from "../access/sealed-store.ts";
import type { Journal } from "../connection/journal.ts";
import { DAY, HOUR, SECOND, type Clock } from "../runtime/clock.ts";
import type { Observer } from "../runtime/observer.ts";
import { codeOf, ServiceError } from "../runtime/service-error.ts";
import type { Keyring } from "./keyring.ts";
import { createRekeyPace } from "./rekey-pace.ts";

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
  keyring: Pick<Keyring, "reseal">;
  sealed: SealedStore;
  rekeys: RekeyStore;
  keys: Pick<KeyStore, "purge">;
  instanceId: string;
  /** Has the process of that instance provably ended? */
  isGone: Journal["isGone"];
  /** The most that this instance seals anew. */
  valuesPerSecond: number;
  /** Lets requests be answered between rows. */
  breathe(): Promise<void>;
}

const INTERVAL = 5 * SECOND;
/** A day longer than journals are kept: they may hold what a retired key has sealed. */
const RETIRED_KEPT = 8 * DAY;
const PURGE_INTERVAL = HOUR;
/** Longer than a batch may take and a pause of the process may last; who comes back later finds that another has gone on. */
const LEASE = 15 * SECOND;
/** Rows between two breaths: a few milliseconds of work. */
const AT_A_BREATH = 20;

export function createRekeyer(deps: RekeyerDeps): Rekeyer {
  const { clock, rekeys, observer, instanceId } = deps;
  const pace = createRekeyPace(clock, deps.valuesPerSecond);
  const lease = { owner: instanceId, leaseMs: LEASE };
  const stopping = new AbortController();
  let rounds: Promise<void> = Promise.resolve();
  let purgedAt = Number.NEGATIVE_INFINITY;

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      if (clock.monotonic() - purgedAt >= PURGE_INTERVAL) await purge().catch(report);
      const rekey = await claim().catch(report);
      if (rekey) await work(rekey).catch(report);
      else await clock.sleep(INTERVAL, stopping.signal);
    }
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
    const { tenantId, version } = claimed;
    let { place, done } = claimed;
    while (!stopping.signal.aborted) {
      const rows = await deps.sealed.outdated(tenantId, version, place, pace.batch);
      const next = placeAfter(place.table, rows);
      if (next === null) return complete({ ...claimed, place, done }, done - claimed.done);
      place = next;
      const again = await resealed(deps, { tenantId, rows, report });
      const replaced = await rekeys.advance({ ...claimed, place }, again, lease);
      if (replaced === null) return;
      done += replaced;
      await pace.spend(valuesIn(rows), stopping.signal);
    }
    await rekeys.giveBack(tenantId, instanceId);
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

/** Null when this was the last table. */
function placeAfter(table: SealedTable, rows: readonly SealedRow[]) {
  const last = rows.at(-1);
  if (last) return { table, after: last.id };
  const next = SEALED_TABLES[SEALED_TABLES.indexOf(table) + 1];
  return next === undefined ? null : { table: next, after: null };
}

function valuesIn(rows: readonly SealedRow[]): number {
  return rows.reduce((sum, { values }) => sum + values.length, 0);
}

type Report = (error: unknown) => null;

/** The rows with their values sealed by the newest key, without those that cannot be opened. */
async function resealed(
  { keyring, breathe }: Pick<RekeyerDeps, "keyring" | "breathe">,
  { tenantId, rows, report }: { tenantId: string; rows: readonly SealedRow[]; report: Report },
): Promise<SealedRow[]> {
  const done: SealedRow[] = [];
  for (let first = 0; first < rows.length; first += AT_A_BREATH) {
    if (first > 0) await breathe();
    const some = rows.slice(first, first + AT_A_BREATH);
    const values = await keyring
      .reseal(
        tenantId,
        some.flatMap((row) => row.values),
      )
      .catch((error: unknown) => noneIfWithoutKeys(error));
    done.push(...withValues(some, values, report));
  }
  return done;
}

/** The keys of the tenant may have been shredded meanwhile. */
function noneIfWithoutKeys(error: unknown): null[] {
  if (codeOf(error) === "key_unavailable") return [];
  throw error;
}

/** `sealed` are those of all rows, one after another. */
function withValues(rows: readonly SealedRow[], sealed: readonly (Uint8Array | null)[], report: Report): SealedRow[] {
  let seen = 0;
  return rows.flatMap((row) => {
    const again = sealed.slice(seen, (seen += row.values.length)).filter((value) => value !== null);
    const values = row.values.flatMap((value, place) => {
      const bytes = again[place];
      return bytes ? [{ ...value, sealed: bytes }] : [];
    });
    if (values.length === row.values.length) return [{ ...row, values }];
    report(new ServiceError("key_unavailable", "A sealed value cannot be opened with the keys of its tenant."));
    return [];
  });
}
