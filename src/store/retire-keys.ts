import { sql } from "kysely";
import { NAMING_VERSION, type RetireResult } from "../access/key-store.ts";
import type { Queries } from "./database.ts";
import { egNow } from "./now.ts";
import { countVersions } from "./sealed-values.ts";

interface Retirement {
  tenantId: string;
  version: number;
  graceMs: number;
}

export async function retire(queries: Queries, { tenantId, version, graceMs }: Retirement): Promise<RetireResult> {
  const keys = await queries
    .selectFrom("tenant_keys")
    .select(["version", "created_at", egNow.as("now")])
    .where("tenant_id", "=", tenantId)
    .where("version", "<>", NAMING_VERSION)
    .orderBy("version")
    .execute();
  const key = keys.find((each) => each.version === version);
  if (!key) return "unknown";
  const successor = keys.find((each) => each.version > version);
  // Whoever did not know of the successor yet may still store what was sealed with this one.
  if (!successor || successor.created_at > key.now - graceMs) return "newest";
  if ((await countVersions(queries, tenantId)).has(version)) return "in_use";
  await queries
    .updateTable("tenant_keys")
    .set({ retired_at: sql<number>`coalesce(retired_at, eg_now())` })
    .where("tenant_id", "=", tenantId)
    .where("version", "=", version)
    .execute();
  return "retired";
}

export async function purge(queries: Queries, retiredForMs: number): Promise<number> {
  const over = await queries
    .selectFrom("tenant_keys")
    .select(["tenant_id", "version"])
    .where("retired_at", "<", sql<number>`eg_now() - ${retiredForMs}`)
    .execute();
  let purged = 0;
  for (const { tenant_id: tenantId, version } of over) {
    // A journal may have brought back what nobody expected any more.
    if ((await countVersions(queries, tenantId)).has(version)) continue;
    await queries.deleteFrom("tenant_keys").where("tenant_id", "=", tenantId).where("version", "=", version).execute();
    purged++;
  }
  return purged;
}
