import type { EventFields, EventName, Observer } from "../../src/runtime/observer.ts";

export interface CollectingObserver extends Observer {
  readonly events: readonly { name: EventName; fields: EventFields }[];
  /** The fields of every event of that name, in order. */
  of(name: EventName): EventFields[];
}

export function createCollectingObserver(): CollectingObserver {
  const events: { name: EventName; fields: EventFields }[] = [];
  return {
    events,
    event: (name, fields = {}) => void events.push({ name, fields }),
    of: (name) => events.filter((event) => event.name === name).map(({ fields }) => fields),
  };
}
