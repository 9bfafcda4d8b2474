/** Lets one piece of work per key run at a time; whoever asks meanwhile shares it. */
export interface SingleFlight<T> {
  run(key: string, work: () => Promise<T>): Promise<T>;
  /** Work that is under way now. */
  inFlight(): Promise<T>[];
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const running = new Map<string, Promise<T>>();
  return {
    run: (key, work) => {
      const shared = running.get(key);
      if (shared) return shared;
      const flight = work().finally(() => running.delete(key));
      running.set(key, flight);
      return flight;
    },
    inFlight: () => [...running.values()],
  };
}
