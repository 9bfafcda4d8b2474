import type { Rekey } from "../access/rekey-store.ts";
import {
  SEALED_TABLES,
  type SealedPlace,
  type SealedRow,
  type SealedStore,
  type SealedTable,
} from "../access/sealed-store.ts";
import { codeOf, ServiceError } from "../runtime/service-error.ts";
import type { Keyring } from "./keyring.ts";
import { ahead } from "./ahead.ts";

/** Rows that follow each other, sealed anew. */
export interface RekeyBatch {
  /** How far the rekey is when they are stored. */
  place: SealedPlace;
  /** Values that were read. */
  values: number;
  /** Without the rows that cannot be opened. */
  rows: readonly SealedRow[];
}

export interface RekeyBatchDeps {
  keyring: Pick<Keyring, "reseal">;
  sealed: Pick<SealedStore, "outdated">;
  /** Hears of every row that cannot be opened. */
  report: (error: unknown) => void;
  /** Rows of a batch. */
  size: number;
  /** Lets others have the database. */
  breathe: () => Promise<void>;
  signal: AbortSignal;
}

/** So many batches are with the thread that seals, or wait for it, while one is stored: it must not run out of work meanwhile. */
const AHEAD = 4;

/**
 * All that is left of a rekey, in the order of its places. While one batch is stored, the next ones are sealed: the database and
 * the thread that seals need not wait for each other. What of it others change before it is stored, the store finds out
 * (`RekeyStore.advance`). Ends early after `signal`: what is being sealed then still comes.
 */
export async function* rekeyBatches(deps: RekeyBatchDeps, rekey: Rekey): AsyncGenerator<RekeyBatch, void> {
  for await (const { rows, ...batch } of ahead(AHEAD, beingSealed(deps, rekey))) {
    yield { ...batch, rows: await rows };
  }
}

async function* beingSealed(deps: RekeyBatchDeps, rekey: Rekey) {
  for await (const { place, rows } of outdatedRows(deps, rekey)) {
    if (deps.signal.aborted) return;
    const sealed = resealed(deps, rekey.tenantId, rows);
    // Told when the batch has its turn.
    sealed.catch(() => undefined);
    yield { place, values: valuesIn(rows), rows: sealed };
  }
}

/** Every table ends with a batch without rows, which leads to the next one. */
async function* outdatedRows({ sealed, size, breathe }: RekeyBatchDeps, { tenantId, version, place: start }: Rekey) {
  for (let place: SealedPlace | null = start; place !== null;) {
    await breathe();
    const rows: SealedRow[] = await sealed.outdated(tenantId, version, place, size);
    place = placeAfter(place.table, rows);
    if (place !== null) yield { place, rows };
  }
}

/** Null when this was the last table. */
function placeAfter(table: SealedTable, rows: readonly SealedRow[]): SealedPlace | null {
  const last = rows.at(-1);
  if (last) return { table, after: last.id };
  const next = SEALED_TABLES[SEALED_TABLES.indexOf(table) + 1];
  return next === undefined ? null : { table: next, after: null };
}

function valuesIn(rows: readonly SealedRow[]): number {
  return rows.reduce((sum, { values }) => sum + values.length, 0);
}

/** The rows with their values sealed by the newest key, without those that cannot be opened. */
async function resealed(
  { keyring, report }: RekeyBatchDeps,
  tenantId: string,
  rows: readonly SealedRow[],
): Promise<SealedRow[]> {
  if (rows.length === 0) return [];
  const values = rows.flatMap((row) => row.values);
  return withValues(rows, await keyring.reseal(tenantId, values).catch(noneIfWithoutKeys), report);
}

/** The keys of the tenant may have been shredded meanwhile. */
function noneIfWithoutKeys(error: unknown): null[] {
  if (codeOf(error) === "key_unavailable") return [];
  throw error;
}

/** `sealed` are those of all rows, one after another. */
function withValues(
  rows: readonly SealedRow[],
  sealed: readonly (Uint8Array | null)[],
  report: RekeyBatchDeps["report"],
): SealedRow[] {
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
