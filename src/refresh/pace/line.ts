import { createHeadCount, type HeadCount } from "./head-count.ts";
import { createOrder } from "./order.ts";
import { orderOf, type Waiter } from "./waiter.ts";

/** Those of one client who wait. */
export interface Line {
  add(waiter: Waiter): void;
  delete(waiter: Waiter): void;
  /** By priority, then arrival. */
  first(): Waiter | undefined;
  /** By arrival alone. */
  oldest(): Waiter | undefined;
  waiters(): Iterable<Waiter>;
  heads: HeadCount;
}

export function createLine(): Line {
  const byNeed = createOrder<Waiter>();
  const byArrival = createOrder<Waiter>();
  const heads = createHeadCount();
  return {
    add: (waiter) => {
      byNeed.set(waiter, orderOf(waiter));
      byArrival.set(waiter, waiter.arrival);
      heads.add(waiter.rank);
    },
    delete: (waiter) => {
      byNeed.delete(waiter);
      byArrival.delete(waiter);
      heads.add(waiter.rank, -1);
    },
    first: () => byNeed.first(),
    oldest: () => byArrival.first(),
    waiters: () => byArrival.items(),
    heads,
  };
}
