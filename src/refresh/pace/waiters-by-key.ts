import type { Waiter } from "./waiter.ts";

/** Who waits under a key, at whatever host; several may. Holds no key that nobody waits under. */
export interface WaitersByKey {
  add(waiter: Waiter): void;
  delete(waiter: Waiter): void;
  of(key: string): Iterable<Waiter>;
}

const NOBODY: Iterable<Waiter> = [];

export function createWaitersByKey(): WaitersByKey {
  const byKey = new Map<string, Set<Waiter>>();
  return {
    add: (waiter) => {
      const others = byKey.get(waiter.key);
      if (others === undefined) byKey.set(waiter.key, new Set([waiter]));
      else others.add(waiter);
    },
    delete: (waiter) => {
      const waiters = byKey.get(waiter.key);
      waiters?.delete(waiter);
      if (waiters?.size === 0) byKey.delete(waiter.key);
    },
    of: (key) => byKey.get(key) ?? NOBODY,
  };
}
