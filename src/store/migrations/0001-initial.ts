import { sql, type CreateTableBuilder, type Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** The first schema. */
export function initial(columnTypes: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema
      .createTable("installation")
      .addColumn("id", "text", (column) => column.primaryKey())
      .addColumn("created_at", columnTypes.integer, (column) => column.notNull())
      .execute();
    await keyTables(db, columnTypes);
    await clientTables(db, columnTypes);
    await connectionTables(db, columnTypes);
    await accessTables(db, columnTypes);
  };
}

async function keyTables(db: Kysely<unknown>, { blob, integer }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("root_keys")
    .addColumn("fingerprint", "text", (column) => column.primaryKey())
    .addColumn("sentinel", blob, (column) => column.notNull())
    .addColumn("created_at", integer, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("tenant_keys")
    .addColumn("tenant_id", "text", (column) => column.notNull())
    .addColumn("version", integer, (column) => column.notNull())
    .addColumn("wrapped", blob, (column) => column.notNull())
    .addColumn("root_fingerprint", "text", (column) => column.notNull().references("root_keys.fingerprint"))
    .addColumn("created_at", integer, (column) => column.notNull())
    .addPrimaryKeyConstraint("tenant_keys_pk", ["tenant_id", "version"])
    .execute();
}

async function clientTables(db: Kysely<unknown>, { blob, integer }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("tenants")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("created_at", integer, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("providers")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("entry", "text", (column) => column.notNull())
    .addColumn("updated_at", integer, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("clients")
    .$call(identified)
    .addColumn("provider_id", "text", (column) => column.notNull())
    .addColumn("client_id", "text", (column) => column.notNull())
    .addColumn("authentication", "text", (column) => column.notNull())
    .addColumn("scopes", "text", (column) => column.notNull())
    .addColumn("settings", "text", (column) => column.notNull())
    .addColumn("suspended_cause", "text")
    .addColumn("suspended_code", "text")
    .addColumn("suspended_since", integer)
    .addColumn("probe_at", integer)
    .addColumn("created_at", integer, (column) => column.notNull())
    .execute();
  await db.schema
    .createTable("client_secrets")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("client_id", "text", (column) => column.notNull().references("clients.id").onDelete("cascade"))
    .addColumn("state", "text", (column) => column.notNull())
    .addColumn("sealed", blob, (column) => column.notNull())
    .addColumn("created_at", integer, (column) => column.notNull())
    .addColumn("retired_at", integer)
    .execute();
  await db.schema.createIndex("client_secrets_client").on("client_secrets").columns(["client_id", "state"]).execute();
}

async function connectionTables(db: Kysely<unknown>, { blob, integer, serial }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("connections")
    .$call(identified)
    .addColumn("client_id", "text", (column) => column.notNull().references("clients.id"))
    .addColumn("end_user", "text")
    .addColumn("account_id", "text")
    .addColumn("account_label", "text")
    .addColumn("requested_scopes", "text", (column) => column.notNull())
    .addColumn("granted_scopes", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("diagnosis", "text")
    .addColumn("labels", "text", (column) => column.notNull())
    .addColumn("status_since", integer, (column) => column.notNull())
    .addColumn("created_at", integer, (column) => column.notNull())
    .addColumn("consented_at", integer)
    .addColumn("last_proven_at", integer)
    .execute();
  await db.schema.createIndex("connections_tenant").on("connections").columns(["tenant_id", "id"]).execute();
  await db.schema
    .createTable("token_sets")
    .addColumn("connection_id", "text", (column) => column.primaryKey().references("connections.id"))
    .addColumn("generation", integer, (column) => column.notNull())
    .addColumn("access_token", blob)
    .addColumn("refresh_token", blob)
    .addColumn("token_type", "text", (column) => column.notNull())
    .addColumn("scope", "text", (column) => column.notNull())
    .addColumn("origin", "text", (column) => column.notNull())
    .addColumn("obtained_at", integer, (column) => column.notNull())
    .addColumn("expires_at", integer)
    .addColumn("refresh_expires_at", integer)
    .execute();
  await db.schema
    .createTable("refresh_leases")
    .addColumn("connection_id", "text", (column) => column.primaryKey().references("connections.id"))
    .addColumn("due_at", integer)
    .addColumn("backoff_until", integer, (column) => column.notNull())
    .addColumn("failures", integer, (column) => column.notNull())
    .addColumn("cause", "text")
    .addColumn("attempt_generation", integer)
    .addColumn("attempt_at", integer)
    .execute();
  // Only what is ever due is in the index, so a million resting connections cost the sweep nothing.
  await sql`create index refresh_leases_due on refresh_leases (due_at) where due_at is not null`.execute(db);
  await db.schema
    .createTable("history")
    .addColumn("id", integer, serial)
    .addColumn("connection_id", "text", (column) => column.notNull().references("connections.id"))
    .addColumn("at", integer, (column) => column.notNull())
    .addColumn("kind", "text", (column) => column.notNull())
    .addColumn("generation", integer, (column) => column.notNull())
    .addColumn("detail", "text", (column) => column.notNull())
    .execute();
  await db.schema.createIndex("history_connection").on("history").columns(["connection_id", "id"]).execute();
  await sql`create index history_refreshed on history (at) where kind = 'refreshed'`.execute(db);
}

async function accessTables(db: Kysely<unknown>, { blob, integer }: ColumnTypes): Promise<void> {
  await db.schema
    .createTable("connect_sessions")
    .$call(identified)
    .addColumn("client_id", "text", (column) => column.notNull().references("clients.id"))
    .addColumn("connection_id", "text")
    .addColumn("end_user", "text")
    .addColumn("scopes", "text", (column) => column.notNull())
    .addColumn("parameters", "text", (column) => column.notNull())
    .addColumn("return_url", "text")
    .addColumn("completion", "text", (column) => column.notNull())
    .addColumn("status", "text", (column) => column.notNull())
    .addColumn("link_hash", "text", (column) => column.notNull())
    .addColumn("state_hash", "text", (column) => column.unique())
    .addColumn("browser_hash", "text")
    .addColumn("nonce", "text")
    .addColumn("code_verifier", blob)
    .addColumn("code", blob)
    .addColumn("problem", "text")
    .addColumn("created_at", integer, (column) => column.notNull())
    .addColumn("expires_at", integer, (column) => column.notNull())
    .execute();
  await db.schema.createIndex("connect_sessions_expiry").on("connect_sessions").column("expires_at").execute();
  await db.schema
    .createTable("api_keys")
    .$call(identified)
    .addColumn("name", "text", (column) => column.notNull())
    .addColumn("scopes", "text", (column) => column.notNull())
    .addColumn("hash", blob, (column) => column.notNull())
    .addColumn("created_at", integer, (column) => column.notNull())
    .addColumn("expires_at", integer)
    .addColumn("revoked_at", integer)
    .execute();
}

/** What every row of a tenant starts with. */
function identified<T extends string>(table: CreateTableBuilder<T>): CreateTableBuilder<T, "id" | "tenant_id"> {
  return table
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("tenant_id", "text", (column) => column.notNull().references("tenants.id"));
}
