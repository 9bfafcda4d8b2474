import type { Generated } from "kysely";

/** Providers that were defined here, and clients at them. */
export interface ClientTables {
  providers: ProvidersTable;
  clients: ClientsTable;
  client_secrets: ClientSecretsTable;
  dpop_keys: DpopKeysTable;
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
  /** 0: connections are not proven on schedule. */
  probe_every_days: Generated<number>;
  /** The change of the required scopes of which not all connections know yet, and the last one that does. */
  scopes_change: string | null;
  scopes_looked_to: string | null;
  /** The key that new token sets are bound to; null: to none. */
  dpop_key: string | null;
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

/** Keys that token sets are bound to, by their thumbprints. */
interface DpopKeysTable {
  id: string;
  client_id: string;
  sealed: Uint8Array;
  created_at: number;
}
