import type { SealedPlace, SealedRow } from "./sealed-store.ts";

/** One tenant's sealed values on their way to the newest version of its key. Times are the database's. */
export interface Rekey {
  tenantId: string;
  /** What all of them are to be sealed with. */
  version: number;
  place: SealedPlace;
  /** Values that were sealed anew, of so many that were to be when it began. */
  done: number;
  total: number;
  startedAt: number;
  finishedAt: number | null;
  /** Null while no instance works on it, as far as is known. */
  atWork: RekeyWork | null;
}

/** The instance that works on a rekey, and for how long others leave it alone. */
export interface RekeyLease {
  owner: string;
  leaseMs: number;
}

/** What tells how fast an instance is. */
export interface RekeyWork {
  owner: string;
  forMs: number;
  /** Values that were done when it began, by whoever was at work before. */
  doneBefore: number;
}

export interface RekeyStore {
  /** Begins with the first row, unless one to that version or a newer one has begun. */
  begin(tenantId: string, version: number, total: number): Promise<void>;
  list(): Promise<Rekey[]>;
  /** One that is not finished, and that nobody works on; null when there is none. */
  claim(owner: string, leaseMs: number): Promise<Rekey | null>;
  /**
   * Stores rows that were sealed anew, and with them, in one transaction, how far it is: `rekey.place`. Values are replaced by
   * compare-and-set on the generation, or while they are there where nothing is counted: a fresher value is never overwritten. A
   * row that somebody is changing at this moment is left out. Returns how many values were replaced; null, with nothing stored,
   * when somebody else has claimed the rekey, or one to a newer version has begun.
   */
  advance(rekey: Rekey, rows: readonly SealedRow[], lease: RekeyLease): Promise<number | null>;
  finish(rekey: Rekey, owner: string): Promise<void>;
  /** Gives it to whoever comes next, if that owner still has it. */
  giveBack(tenantId: string, owner: string): Promise<void>;
}
