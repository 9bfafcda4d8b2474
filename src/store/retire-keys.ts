import { sql } from "kysely";
import { NAMING_VERSION, type RetireResult } from "../access/key-store.ts";
import type { Database, Queries } from "./database.ts";
import { egNow } from "./now.ts";
import { countVersions } from "./sealed-values.ts";

interface Retirement {
  tenantId: string;
  version: number;
  graceMs: number;
}

/**
 * Looks for what needs the key before the transaction, because looking takes long: after the grace nobody seals with it any more,
 * and what a journal brings back still finds it.
 */
export async function retire(database: Database, retirement: Retirement): Promise<RetireResult> {
  const { tenantId, version } = retirement;
  const reason = await database.read((queries) => reasonNotTo(queries, retirement));
  if (reason) return reason;
  if ((await countVersions(database, tenantId)).has(version)) return "in_use";
  await database.write(async (queries) => {
    await queries
      .updateTable("tenant_keys")
      .set({ retired_at: sql<number>`coalesce(retired_at, eg_now())` })
      .where("tenant_id", "=", tenantId)
      .where("version", "=", version)
      .execute();
  });
  return "retired";
}

async function reasonNotTo(queries: Queries, { tenantId, version, graceMs }: Retirement) {
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
  return !successor || successor.created_at > key.now - graceMs ? "newest" : null;
}

export async function purge(database: Database, retiredForMs: number): Promise<number> {
  const over = await database.read((queries) =>
    queries
      .selectFrom("tenant_keys")
      .select(["tenant_id", "version"])
      .where("retired_at", "<", sql<number>`eg_now() - ${retiredForMs}`)
      .execute(),
  );
  let purged = 0;
  for (const { tenant_id: tenantId, version } of over) {
    // A journal may have brought back what nobody expected any more.
    if ((await countVersions(database, tenantId)).has(version)) continue;
    await database.write(async (queries) => {
      await queries
        .deleteFrom("tenant_keys")
        .where("tenant_id", "=", tenantId)
        .where("version", "=", version)
        .execute();
    });
    purged++;
  }
  return purged;
}
