import type { EventType, OutboxEvent } from "../event/event.ts";

/** How often something occurred, the most frequent first. */
export type Counts = readonly (readonly [name: string, count: number])[];

/** What happened to connections, summed up. */
export interface Digest {
  events: number;
  byType: Counts;
  byCause: Counts;
  byClient: Counts;
  byTenant: Counts;
  /** The first ones, each with what was said of it last. */
  connections: readonly { id: string; type: EventType; cause: string | null }[];
  /** How many connections there are in all. */
  connectionCount: number;
}

/** Lines of a list: whoever reads a mail reads no more. */
const MOST_LISTED = 10;

/** Of events in their order. */
export function digestOf(events: readonly OutboxEvent[]): Digest {
  const last = new Map<string, OutboxEvent>();
  for (const event of events) if (event.connectionId !== null) last.set(event.connectionId, event);
  return {
    events: events.length,
    byType: counts(events.map(({ type }) => type)),
    byCause: counts(events.map(causeOf).filter((cause) => cause !== null)),
    byClient: counts(events.map(({ clientId }) => clientId).filter((id) => id !== null)),
    byTenant: counts(events.map(({ tenantId }) => tenantId)),
    connections: [...last]
      .slice(0, MOST_LISTED)
      .map(([id, event]) => ({ id, type: event.type, cause: causeOf(event) })),
    connectionCount: last.size,
  };
}

function causeOf({ detail }: OutboxEvent): string | null {
  const { cause } = detail;
  return typeof cause === "string" ? cause : null;
}

function counts(names: readonly string[]): Counts {
  const found = new Map<string, number>();
  for (const name of names) found.set(name, (found.get(name) ?? 0) + 1);
  return [...found].toSorted(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, MOST_LISTED);
}
