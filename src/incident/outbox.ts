import type { OutboxEvent } from "./event.ts";

/** Events on their way out. They get in by the transactions of other stores, each with the change that it tells. */
export interface OutboxStore {
  /** The oldest ones that were not passed on yet and are not held. */
  pending(limit: number): Promise<OutboxEvent[]>;
}
