import type { Kysely } from "kysely";
import type { ColumnTypes, OwnerColumn } from "../column-types.ts";

/** Every table of tenants' rows, and whose each row is. A table that comes later gets its wall where it is made. */
const OWNED: readonly (readonly [table: string, owner: OwnerColumn])[] = [
  ["tenants", "id"],
  ["tenant_keys", "tenant_id"],
  ["rekeys", "tenant_id"],
  ["clients", "tenant_id"],
  ["client_secrets", "client_id"],
  ["connections", "tenant_id"],
  ["token_sets", "connection_id"],
  ["spare_token_sets", "connection_id"],
  ["refresh_leases", "connection_id"],
  ["history", "connection_id"],
  ["token_reads", "connection_id"],
  ["connect_sessions", "tenant_id"],
  ["api_keys", "tenant_id"],
  ["operator_sessions", "tenant_id"],
  ["audit", "tenant_id"],
  ["audit_heads", "tenant_id"],
  ["audit_checkpoints", "tenant_id"],
];

/** The second wall between tenants, in the database itself. */
export function tenantWall(columnTypes: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    for (const [table, owner] of OWNED) {
      for (const statement of columnTypes.tenantWall(table, owner)) await statement.execute(db);
    }
  };
}
