import { sql, type RawBuilder } from "kysely";
import { escapeLiteral } from "pg";
import type { OwnerColumn } from "../column-types.ts";

/**
 * Row-level security by a setting of the transaction: without it, or with an empty one, everything is open. A `case` asks for the
 * setting once in a row, is estimated as half of the rows where an `or` would be as next to none, and comes to the function that
 * looks for an owner only where there is a tenant. `force`, because the service usually owns its tables.
 */
export function tenantWall(table: string, owner: OwnerColumn): RawBuilder<unknown>[] {
  return [
    ...lookUp(owner),
    sql`alter table ${sql.table(table)} enable row level security`,
    sql`alter table ${sql.table(table)} force row level security`,
    sql`create policy tenant on ${sql.table(table)} using (
      case coalesce(current_setting('evergrant.tenant', true), '') when '' then true else ${isOwn(owner)} end)`,
  ];
}

/**
 * Makes a transaction the tenant's alone, among the statements that begin it. It ends with the transaction, so whoever gets the
 * connection next knows nothing of it.
 */
export function onlyFor(tenantId: string): string {
  if (tenantId === "") throw new Error("An empty name of a tenant would open everything.");
  return `set local evergrant.tenant = ${escapeLiteral(tenantId)}`;
}

function isOwn(owner: OwnerColumn): RawBuilder<unknown> {
  switch (owner) {
    case "id":
    case "tenant_id":
      return sql`${sql.ref(owner)} = current_setting('evergrant.tenant', true)`;
    case "client_id":
      return sql`eg_own_client(client_id)`;
    case "connection_id":
      return sql`eg_own_connection(connection_id)`;
  }
}

/**
 * A row is open to whoever the client or connection that it is of is open to: these look through that table's own wall. In plpgsql,
 * because the planner would look into a function of SQL for every statement, and slow those that look into no wall at all.
 */
function lookUp(owner: OwnerColumn): RawBuilder<unknown>[] {
  switch (owner) {
    case "id":
    case "tenant_id":
      return [];
    case "client_id":
      return [
        sql`create or replace function eg_own_client(wanted text) returns boolean language plpgsql stable as
          $$ begin return exists (select 1 from clients where id = wanted); end $$`,
      ];
    case "connection_id":
      return [
        sql`create or replace function eg_own_connection(wanted text) returns boolean language plpgsql stable as
          $$ begin return exists (select 1 from connections where id = wanted); end $$`,
      ];
  }
}
