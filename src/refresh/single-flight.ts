import { deferred } from "../runtime/deferred.ts";

/** Lets one piece of work per key run at a time; whoever asks meanwhile shares it. */
export interface SingleFlight<T> {
  /** `early` gives the sharers their result while the work goes on; the key stays taken until the work is over. */
  run(key: string, work: (early: (result: T) => void) => Promise<T>): Promise<T>;
  /** Work that is under way now, to its end. */
  inFlight(): Promise<T>[];
}

export function createSingleFlight<T>(): SingleFlight<T> {
  const running = new Map<string, { result: Promise<T>; over: Promise<T> }>();

  function start(key: string, work: (early: (result: T) => void) => Promise<T>): Promise<T> {
    const { promise: heard, resolve: early } = deferred<T>();
    const over = work(early).finally(() => running.delete(key));
    const result = Promise.race([over, heard]);
    running.set(key, { result, over });
    return result;
  }

  return {
    run: (key, work) => running.get(key)?.result ?? start(key, work),
    inFlight: () => [...running.values()].map(({ over }) => over),
  };
}
