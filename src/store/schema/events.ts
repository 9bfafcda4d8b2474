import type { Generated } from "kysely";

/** What people and applications are told. */
export interface EventTables {
  outbox: OutboxTable;
}

interface OutboxTable {
  number: Generated<number>;
  /** Without the prefix. */
  id: Generated<string>;
  at: number;
  type: string;
  tenant_id: string;
  connection_id: string | null;
  client_id: string | null;
  incident_id: string | null;
  detail: string;
  /** Not told before: what is over by then is not told at all. */
  held_until: Generated<number>;
  passed_on_at: number | null;
}
