import type { Kysely } from "kysely";
import type { ColumnTypes } from "../column-types.ts";

/** What administrators and API keys did, in a chain for each tenant, with its head and its checkpoints. */
export function audit({ integer, appendOnly }: ColumnTypes) {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema
      .createTable("audit")
      .addColumn("tenant_id", "text", (column) => column.notNull())
      .addColumn("seq", integer, (column) => column.notNull())
      .addColumn("at", integer, (column) => column.notNull())
      .addColumn("act", "text", (column) => column.notNull())
      .addColumn("actor_kind", "text", (column) => column.notNull())
      .addColumn("actor_id", "text")
      .addColumn("object_id", "text")
      .addColumn("from_address", "text")
      .addColumn("detail", "text", (column) => column.notNull())
      .addColumn("hash", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("audit_pk", ["tenant_id", "seq"])
      .execute();
    await db.schema.createIndex("audit_object").on("audit").columns(["tenant_id", "object_id", "seq"]).execute();
    await db.schema.createIndex("audit_actor").on("audit").columns(["tenant_id", "actor_id", "seq"]).execute();
    await db.schema.createIndex("audit_at").on("audit").columns(["tenant_id", "at"]).execute();
    await db.schema
      .createTable("audit_heads")
      .addColumn("tenant_id", "text", (column) => column.primaryKey())
      .addColumn("seq", integer, (column) => column.notNull())
      .addColumn("hash", "text", (column) => column.notNull())
      .addColumn("signature", "text", (column) => column.notNull())
      .addColumn("checkpoint_seq", integer, (column) => column.notNull())
      .addColumn("checkpoint_at", integer, (column) => column.notNull())
      .execute();
    await db.schema
      .createTable("audit_checkpoints")
      .addColumn("tenant_id", "text", (column) => column.notNull())
      .addColumn("seq", integer, (column) => column.notNull())
      .addColumn("hash", "text", (column) => column.notNull())
      .addColumn("at", integer, (column) => column.notNull())
      .addColumn("signature", "text", (column) => column.notNull())
      .addPrimaryKeyConstraint("audit_checkpoints_pk", ["tenant_id", "seq"])
      .execute();
    for (const table of ["audit", "audit_checkpoints"]) {
      for (const statement of appendOnly(table)) await statement.execute(db);
    }
  };
}
