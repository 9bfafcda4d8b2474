import type { Generated } from "kysely";

/** Failures that belong together. */
export interface IncidentTables {
  incidents: IncidentsTable;
  incident_members: IncidentMembersTable;
  incident_signals: IncidentSignalsTable;
  incident_looks: IncidentLooksTable;
}

interface IncidentsTable {
  id: string;
  tenant_id: string;
  kind: string;
  /** What its members share; one that is not resolved has it for itself. */
  scope: string;
  client_id: string | null;
  provider_id: string | null;
  state: string;
  verdict: string | null;
  cause: string;
  evidence: string;
  affected: number;
  recovered: number;
  opened_at: number;
  first_seen: number;
  last_seen: number;
  /** Since when one of its members is to be tried once more, to learn of all. */
  tried_at: number | null;
  decided_at: number | null;
  acknowledged_at: number | null;
  acknowledged_by: string | null;
  resolved_at: number | null;
}

interface IncidentMembersTable {
  incident_id: string;
  connection_id: string;
  condition: string;
  /** The generation that was rejected. */
  generation: number;
  cause: string;
  code: string | null;
  /** 1 where the provider did not say why for certain. */
  doubted: number;
  since: number;
  reprieved_at: number | null;
  recovered_at: number | null;
}

/** What was heard of a connection and may have to do with an incident. Looked at, it is deleted. */
interface IncidentSignalsTable {
  number: Generated<number>;
  connection_id: string;
  at: number;
  kind: string;
}

/** One row, which is locked by the one instance that looks. */
interface IncidentLooksTable {
  number: number;
}
