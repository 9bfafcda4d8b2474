import type { OutboxEvent } from "./event.ts";

/** Events on their way out. They get in by the transactions of other stores, each with the change that it tells. */
export interface OutboxStore {
  /** The oldest ones that were not passed on yet and are not held. */
  pending(limit: number): Promise<OutboxEvent[]>;
  /** The highest number that there is; 0 without any. */
  newest(): Promise<number>;
  /** Those with higher numbers, also such as are held: the newest of them, in their order. */
  since(number: number, limit: number): Promise<OutboxEvent[]>;
  /**
   * Makes a delivery for every endpoint that hears of them, and with `mailOperators` a mail of what they are told at once. Those of
   * a connection come one at a time, in their order. Returns how many events that were.
   */
  passOn(limit: number, mailOperators: boolean): Promise<number>;
}
