import type { Generated } from "kysely";

/** Who may do what here, and who has done what. */
export interface AccessTables {
  api_keys: ApiKeysTable;
  virtual_refresh_tokens: VirtualRefreshTokensTable;
  token_reads: TokenReadsTable;
  operator_sessions: OperatorSessionsTable;
  operator_sign_ins: OperatorSignInsTable;
  audit: AuditTable;
  audit_heads: AuditHeadsTable;
  audit_checkpoints: AuditCheckpointsTable;
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

/** Refresh tokens of our own, each for one connection. */
interface VirtualRefreshTokensTable {
  id: string;
  tenant_id: string;
  connection_id: string;
  name: string | null;
  hash: Uint8Array;
  created_by: string;
  created_at: number;
  expires_at: number | null;
  revoked_at: number | null;
  last_used_at: number | null;
  last_used_from: string | null;
}

/** Access tokens handed out, by the hour that began at `hour`. */
interface TokenReadsTable {
  connection_id: string;
  hour: number;
  key_id: string;
  count: number;
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
