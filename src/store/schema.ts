import type { Generated } from "kysely";

/** The tables as Kysely sees them. Times are epoch milliseconds by `eg_now()`; lists and maps are JSON text; tokens are sealed. */
export interface Schema {
  installation: InstallationTable;
  root_keys: RootKeysTable;
  tenant_keys: TenantKeysTable;
  tenants: TenantsTable;
  rekeys: RekeysTable;
  providers: ProvidersTable;
  clients: ClientsTable;
  client_secrets: ClientSecretsTable;
  dpop_keys: DpopKeysTable;
  connections: ConnectionsTable;
  token_sets: TokenSetsTable;
  spare_token_sets: SpareTokenSetsTable;
  refresh_leases: RefreshLeasesTable;
  instances: InstancesTable;
  history: HistoryTable;
  connect_sessions: ConnectSessionsTable;
  api_keys: ApiKeysTable;
  token_reads: TokenReadsTable;
  operator_sessions: OperatorSessionsTable;
  operator_sign_ins: OperatorSignInsTable;
  audit: AuditTable;
  audit_heads: AuditHeadsTable;
  audit_checkpoints: AuditCheckpointsTable;
}

interface InstallationTable {
  id: string;
  created_at: number;
  /** Counts the signs of life of all instances; `beat_at` is when the last one was given. */
  beats: Generated<number>;
  beat_at: number | null;
  /** In a copy: when it was made. */
  backup_taken_at: number | null;
  /** When a restore was last marked or noticed, and as of when the database then was. */
  restored_at: number | null;
  restored_from: number | null;
  /** After a restore: connections with ids beyond this one are still to be looked through; null when that is done. */
  hold_after: string | null;
  /** Names a clone of another installation, whose id it keeps because every sealed record is bound to it. */
  clone: string | null;
  cloned_at: number | null;
}

interface RootKeysTable {
  fingerprint: string;
  sentinel: Uint8Array;
  created_at: number;
  /** The key service that encrypted the key itself, and what came of it. */
  kept_by: string | null;
  wrapped: Uint8Array | null;
}

interface TenantKeysTable {
  tenant_id: string;
  version: number;
  wrapped: Uint8Array;
  root_fingerprint: string;
  created_at: number;
  retired_at: number | null;
}

interface TenantsTable {
  id: string;
  name: string;
  created_at: number;
  /** When its keys were deleted; it gets no others. */
  shredded_at: number | null;
  public_url: string | null;
  limits: Generated<string>;
  /** When its deletion began and nothing was let in any more, and when nothing was left to do. */
  closed_at: number | null;
  deleted_at: number | null;
}

/** One tenant's sealed values on their way to the newest version of its key. */
interface RekeysTable {
  tenant_id: string;
  version: number;
  /** The place in the order of rows: the table, and the last row that was looked at. */
  at_table: string;
  at_row: string | null;
  done: number;
  total: number;
  started_at: number;
  finished_at: number | null;
  /** The instance that works on it, until then. */
  owner: string | null;
  lease_until: number;
  /** Since when it does, and how much was done before. */
  claimed_at: Generated<number>;
  done_before: Generated<number>;
}

interface ProvidersTable {
  id: string;
  entry: string;
  updated_at: number;
}

interface ClientsTable {
  id: string;
  tenant_id: string;
  provider_id: string;
  client_id: string;
  authentication: string;
  scopes: string;
  settings: string;
  suspended_cause: string | null;
  suspended_code: string | null;
  suspended_since: number | null;
  probe_at: number | null;
  learned_life: number | null;
  learned_life_at: number | null;
  created_at: number;
  public_url: string | null;
  /** Its secrets are erased then, and nobody finds it. */
  deleted_at: number | null;
  /** The key that new token sets are bound to; null: to none. */
  dpop_key: string | null;
}

/** Keys that token sets are bound to, by their thumbprints. */
interface DpopKeysTable {
  id: string;
  client_id: string;
  sealed: Uint8Array;
  created_at: number;
}

interface ClientSecretsTable {
  id: string;
  client_id: string;
  state: string;
  /** Null once it was erased. */
  sealed: Uint8Array | null;
  created_at: number;
  /** Ids of API keys, here and below; null where the service did it itself. */
  created_by: string | null;
  promoted_at: number | null;
  promoted_by: string | null;
  retired_at: number | null;
  retired_by: string | null;
  kept_until: number | null;
  last_used_at: number | null;
  proven_count: Generated<number>;
  tried_count: Generated<number>;
  /** One refresh at a time tries a staged secret: until then no other one does. */
  trial_until: Generated<number>;
  promotes_itself: Generated<number>;
  refused_at: number | null;
  refused_code: string | null;
  expires_at: number | null;
  /** The last warning of its end that was given. */
  warned_days: number | null;
  /** What everybody may see of it; null for a secret that is a word. */
  shown: string | null;
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
}

/** Living processes of the service; one that ended without a word stays until it is pruned. */
interface InstancesTable {
  id: string;
  started_at: number;
  heartbeat_at: number;
  verified_incarnation: number;
  verified_at: number;
  steady_since: Generated<number>;
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
  created_at: number;
  expires_at: number;
}

interface ApiKeysTable {
  id: string;
  tenant_id: string;
  name: string;
  scopes: string;
  hash: Uint8Array;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
  allowed_cidrs: Generated<string>;
  rate_limit: number | null;
  replaces: string | null;
  replaced_by: string | null;
  last_used_at: number | null;
  last_used_from: string | null;
  /** 1 for the key that `EVERGRANT_ADMIN_KEY` named last. */
  from_environment: Generated<number>;
}

/** Access tokens handed out, by the hour that began at `hour`. */
interface TokenReadsTable {
  connection_id: string;
  hour: number;
  key_id: string;
  count: number;
}

/** Acts, in a chain for each tenant. Triggers refuse changes. */
interface AuditTable {
  tenant_id: string;
  seq: number;
  at: number;
  act: string;
  actor_kind: string;
  actor_id: string | null;
  object_id: string | null;
  from_address: string | null;
  detail: string;
  hash: string;
}

/** The end of each chain; locked by whoever makes it longer. */
interface AuditHeadsTable {
  tenant_id: string;
  seq: number;
  hash: string;
  signature: string;
  checkpoint_seq: number;
  checkpoint_at: number;
}

interface AuditCheckpointsTable {
  tenant_id: string;
  seq: number;
  hash: string;
  at: number;
  signature: string;
}

/** Browsers that are signed in as an operator. */
interface OperatorSessionsTable {
  id: string;
  tenant_id: string;
  /** Null where a person signed in, who is then in `operator`. */
  key_id: string | null;
  operator: string | null;
  hash: string;
  from_address: string | null;
  created_at: number;
  last_used_at: number;
  expires_at: number;
  ended_at: number | null;
}

/** Attempts to sign in that came back; each counts once. */
interface OperatorSignInsTable {
  id: string;
  used_at: number;
  refused_at: number | null;
}
