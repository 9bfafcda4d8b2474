import type { Incident, IncidentKind, IncidentState, Member } from "./incident.ts";

export interface IncidentQuery {
  tenantId: string;
  limit: number;
  /** Only older ones than this id; null from the newest on. */
  before: string | null;
  state: IncidentState | null;
}

/** What one look has found. */
export interface Look {
  opened: readonly Pick<Incident, "id" | "kind" | "cause" | "affected">[];
  resolved: readonly Pick<Incident, "id" | "kind">[];
  decided: readonly Pick<Incident, "id" | "verdict">[];
  /** There is more to look at than was looked at. */
  hasMore: boolean;
}

/** Incidents and who is in them. Every method is one transaction. */
export interface IncidentStore {
  /**
   * Looks at what was heard of connections and clients since: failures join an open incident or open one, members recover, what
   * is over is resolved. The event of each opening and resolving is in the outbox with it. Nothing is found while another
   * instance looks.
   */
  look(newId: () => string): Promise<Look>;
  /**
   * Lets connections that were ended in a provider's bad hour be tried once more, at most so many: `degraded` and due, with the
   * refresh token that was kept. Once for each token set, whatever comes of it. Gives their ids.
   */
  reprieve(limit: number): Promise<string[]>;

  /** The newest first. */
  list(query: IncidentQuery): Promise<Incident[]>;
  find(id: string): Promise<Incident | null>;
  /** By their ids, those after `after`. Of a suspended client, its live connections. */
  members(id: string, page: { limit: number; after: string | null }): Promise<Member[]>;
  /** Says that somebody looks after it. False when it is not open. */
  acknowledge(id: string, by: string): Promise<boolean>;
  /** Those that are not resolved, of the tenant or, without one, of all. */
  countOpen(tenantId?: string): Promise<Readonly<Record<IncidentKind, number>>>;
}
