/** What the database says to a heartbeat. */
export interface Beat {
  /** The database's clock, epoch milliseconds. */
  now: number;
  /** Which start of the database server this is: after a crash or a failover, another one. */
  incarnation: number;
  /** Instances that live, this one included. */
  living: number;
}

/**
 * Processes of the service over one database. An instance that has been silent for `SILENCE` counts as dead. Each says up to
 * which incarnation of the database it has compared its journal with the store; while a living one lags behind, nothing is
 * claimed, because the database may have lost a commit that only that instance's journal still has.
 */
export interface InstanceStore {
  /** Writes the sign of life; the first one makes the instance known. `verified` is the incarnation it has compared with. */
  beat(instanceId: string, verified: number): Promise<Beat>;
  /** A graceful end: the instance holds nothing any more. */
  leave(instanceId: string): Promise<void>;
}

export const HEARTBEAT_INTERVAL = 2_000;
export const SILENCE = 10_000;
