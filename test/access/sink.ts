import { ServiceError } from "../../src/runtime/service-error.ts";

/** Collects what is written, and is down when told. */
export function createSink<T>() {
  const sink = {
    batches: [] as T[][],
    down: false,
    take: async (items: readonly T[]): Promise<void> => {
      if (sink.down) throw new ServiceError("store_unavailable", "down");
      sink.batches.push([...items]);
    },
  };
  return sink;
}
