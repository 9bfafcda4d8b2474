import type { Commit } from "../connection/store.ts";
import { HEARTBEAT_INTERVAL } from "./instances.ts";

/** What a database says of its own past. Times are the database's. */
export interface Past {
  /** The id that every sealed record is bound to. */
  installation: string;
  /** Names a clone, which has the id of the installation it was made from; null for the original. */
  clone: string | null;
  clonedAt: number | null;
  now: number;
  /** Counts the signs of life that all instances together have given. */
  beats: number;
  /** When the last of them was given. */
  beatAt: number | null;
  /** In a copy: when it was made. */
  backupTakenAt: number | null;
  /** Ids of the instances that live. */
  living: string[];
  /** The last one that was noticed; null when there was none. */
  restore: Restore | null;
}

/** The database is another, older one than it was. */
export interface Restore {
  /** When it was marked, or noticed. */
  at: number;
  /** The database is as of this time or later; 0 when nobody knows. */
  from: number;
  /** Connections are still to be looked through for those that have to be held. */
  pending: boolean;
}

/** How far somebody has followed the signs of life of a database. */
export interface Followed {
  beats: number;
  at: number;
  /** A database that lost less time than this has failed over, which is not a restore. */
  forgivesMs: number;
}

/** What is known of the refresh tokens in a database that was restored. */
export interface Knowledge {
  /** Every token set that was obtained at this time or later is the newest of its connection; null: none is known to be. */
  newestSince: number | null;
  /** Providers whose refresh tokens are never replaced. */
  staticProviders: readonly string[];
}

/** Restores of the database, and the connections that wait for an operator's decision after one (DESIGN S15). */
export interface RestoreStore {
  /** Null before the first start of a service on this database. */
  past(): Promise<Past | null>;
  /**
   * Gives a sign of life. A database that has seen less than `followed` is not the one it was, and marks itself as restored,
   * unless it has only failed over, or the restore is known already.
   */
  follow(followed: Followed | null): Promise<Past>;
  /** Marks the database as restored, as of `from` or later; the next start looks through its connections. */
  mark(from: number): Promise<void>;
  /**
   * Looks through the next connections of a database that is marked, and holds those that are alive and whose refresh token may
   * have been replaced since. May be called by several instances at once, and again after a crash.
   */
  hold(knowledge: Knowledge): Promise<{ held: number; done: boolean }>;
  /** Holds those of these connections of which the same can be said. Returns how many. */
  holdAmong(ids: readonly string[], knowledge: Knowledge): Promise<number>;
  /**
   * Makes journaled token sets the newest of their connections, as `ConnectionStore.recover` does, each connection at most once.
   * Returns the connections for which they were newer.
   */
  raise(commits: readonly Commit[]): Promise<string[]>;
  /** An operator's decision to try the stored refresh token: due now. False when the connection is not held. */
  release(connectionId: string): Promise<boolean>;
  /** How many connections are held. */
  held(): Promise<number>;
}

/** A copy is as of its last sign of life, and not older than it says itself; 0 when it says nothing. */
export function ageOf({ beatAt, backupTakenAt }: Pick<Past, "beatAt" | "backupTakenAt">): number {
  return Math.max(beatAt ?? 0, backupTakenAt ?? 0);
}

/** The same of a database that was seen later than it is. 0 when it has been used since it was put back: what it says is of then. */
export function ageSeenFrom(past: Pick<Past, "beatAt" | "backupTakenAt">, seenAt: number): number {
  const age = ageOf(past);
  return age < seenAt ? age : 0;
}

/** Does a database that was followed further than it goes lack no more than a failover costs? */
export function hasFailedOver({ beats, beatAt }: Pick<Past, "beats" | "beatAt">, followed: Followed): boolean {
  const isUnused = (beatAt ?? 0) < followed.at;
  const lost = isUnused ? followed.at - (beatAt ?? 0) : (followed.beats - beats) * HEARTBEAT_INTERVAL;
  return lost < followed.forgivesMs;
}
