import type { SealedPlace } from "./sealed-store.ts";

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
}

export interface RekeyStore {
  /** Begins with the first row, unless one to that version or a newer one has begun. */
  begin(tenantId: string, version: number, total: number): Promise<void>;
  list(): Promise<Rekey[]>;
  /** One that is not finished, and that nobody works on; null when there is none. */
  claim(owner: string, leaseMs: number): Promise<Rekey | null>;
  /** How far it is now. False when somebody else has claimed it, or a newer version has begun. */
  advance(rekey: Rekey, owner: string, leaseMs: number): Promise<boolean>;
  finish(rekey: Rekey, owner: string): Promise<void>;
  /** Gives it to whoever comes next. */
  giveBack(tenantId: string, owner: string): Promise<void>;
}
