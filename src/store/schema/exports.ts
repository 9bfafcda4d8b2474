/** Requests to give connections away. */
export interface ExportTables {
  exports: ExportsTable;
}

interface ExportsTable {
  id: string;
  tenant_id: string;
  reason: string;
  recipient: string;
  fingerprint: string;
  connections: string;
  requested_kind: string;
  requested_by: string | null;
  requested_at: number;
  expires_at: number;
  decision: string | null;
  decided_kind: string | null;
  decided_by: string | null;
  decided_at: number | null;
  fetched_at: number | null;
}
