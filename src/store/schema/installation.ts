import type { Generated } from "kysely";

/** The installation itself: its keys, its tenants, its processes. */
export interface InstallationTables {
  installation: InstallationTable;
  root_keys: RootKeysTable;
  tenant_keys: TenantKeysTable;
  tenants: TenantsTable;
  rekeys: RekeysTable;
  instances: InstancesTable;
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

interface TenantKeysTable {
  tenant_id: string;
  version: number;
  wrapped: Uint8Array;
  root_fingerprint: string;
  created_at: number;
  retired_at: number | null;
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

/** Living processes of the service; one that ended without a word stays until it is pruned. */
interface InstancesTable {
  id: string;
  started_at: number;
  heartbeat_at: number;
  verified_incarnation: number;
  verified_at: number;
  steady_since: Generated<number>;
}
