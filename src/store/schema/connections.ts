import type { Generated, GeneratedAlways } from "kysely";

/** Connections, with all that becomes of them. */
export interface ConnectionTables {
  connections: ConnectionsTable;
  token_sets: TokenSetsTable;
  spare_token_sets: SpareTokenSetsTable;
  refresh_leases: RefreshLeasesTable;
  history: HistoryTable;
  connect_sessions: ConnectSessionsTable;
  refresh_counts: RefreshCountsTable;
}

interface ConnectionsTable {
  id: string;
  tenant_id: string;
  client_id: string;
  end_user: string | null;
  account_id: string | null;
  account_label: string | null;
  requested_scopes: string;
  granted_scopes: string;
  status: string;
  diagnosis: string | null;
  policy: string;
  labels: string;
  status_since: number;
  created_at: number;
  consented_at: number | null;
  last_proven_at: number | null;
  last_read_at: number | null;
  seed: string | null;
  required_scopes: Generated<string>;
  missing_scopes: Generated<string>;
  /** JSON of what an API wants to be said at the next sign-in. */
  claims: string | null;
  /** 1 when a refresh with the claims was rejected, so that none is sent with them again. */
  claims_refused: Generated<number>;
  /** When it is next looked at whether the connection should be proven; each look puts it off. */
  prove_at: Generated<number>;
  link_epoch: Generated<number>;
  /** The status that is shown, and why, unless the client is suspended. */
  own_status: GeneratedAlways<string>;
  own_cause: GeneratedAlways<string | null>;
  /** In lower case, all that a connection is searched by. */
  search_text: GeneratedAlways<string>;
}

interface TokenSetsTable {
  connection_id: string;
  generation: number;
  access_token: Uint8Array | null;
  refresh_token: Uint8Array | null;
  token_type: string;
  scope: string;
  answer_fields: Generated<string>;
  origin: string;
  obtained_at: number;
  expires_at: number | null;
  refresh_expires_at: number | null;
  refresh_token_name: string | null;
  token_prefix_name: string | null;
  token_digest_name: string | null;
  rotated_at: number | null;
  dpop_key: string | null;
}

/** Received token sets that came too late to be the newest. */
interface SpareTokenSetsTable extends TokenSetsTable {
  id: Generated<number>;
  set_aside_at: number;
  tried_at: number | null;
}

interface RefreshLeasesTable {
  connection_id: string;
  client_id: string;
  due_at: number | null;
  backoff_until: number;
  failures: number;
  cause: string | null;
  epoch: number;
  owner: string | null;
  lease_until: number;
  answer_owner: string | null;
  answer_until: number;
  attempt_generation: number | null;
  attempt_at: number | null;
  unanswered: number;
  rejected_at: number | null;
  last_rejected_at: number | null;
  rejected_generation: number | null;
  consented_generation: number | null;
  spent_tokens: Generated<string>;
  /** See `Notice`. */
  notice: string | null;
}

interface HistoryTable {
  id: Generated<number>;
  connection_id: string;
  at: number;
  kind: string;
  generation: number;
  detail: string;
}

interface ConnectSessionsTable {
  id: string;
  tenant_id: string;
  client_id: string;
  connection_id: string | null;
  end_user: string | null;
  scopes: string;
  parameters: string;
  return_url: string | null;
  completion: string;
  status: string;
  link_hash: string;
  state_hash: string | null;
  browser_hash: string | null;
  nonce: string | null;
  redirect_uri: string | null;
  code_verifier: Uint8Array | null;
  code: Uint8Array | null;
  problem: string | null;
  switch_epoch: number | null;
  arrival: Uint8Array | null;
  created_at: number;
  expires_at: number;
  required_scopes: string;
}

/** Token requests, added up over the step that begins at a time. */
interface RefreshCountsTable {
  /** Milliseconds. */
  step: number;
  at: number;
  tenant_id: string;
  client_id: string;
  outcome: string;
  /** Which of `SPEEDS` they took. */
  speed: number;
  count: number;
}
