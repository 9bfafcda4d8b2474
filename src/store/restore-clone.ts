import type { Diagnosis } from "../connection/cause.ts";
import { diagnosisColumn } from "./connection-row.ts";
import type { Database, Queries } from "./database.ts";
import { egNow } from "./now.ts";
import { note, rotating, windowOf } from "./restore-hold.ts";
import { AT_REST } from "./transaction.ts";

export interface CloneRequest {
  /** Names the clone: no other has it. */
  name: string;
  /** Providers whose refresh tokens are never replaced, so that the original and the clone can both use them. */
  staticProviders: readonly string[];
}

const BLANKED: Diagnosis = { cause: "refresh_token_missing", confidence: "certain", evidence: { clone: true } };

/**
 * Makes a copy of a database fit to be used beside the original: each refresh token that is replaced when it is used is deleted,
 * because it can serve only one of them. Returns how many. Cut short, it leaves a database that is marked as restored.
 */
export async function makeClone(database: Database, { name, staticProviders }: CloneRequest): Promise<number> {
  await database.write((queries) => begin(queries, name));
  let blanked = 0;
  for (let after: string | null = ""; after !== null;) {
    const from: string = after;
    const window = await database.write((queries) => blankNext(queries, from, staticProviders));
    blanked += window.blanked;
    after = window.next;
  }
  await database.write(async (queries) => {
    await queries.updateTable("installation").set({ hold_after: null }).execute();
  });
  return blanked;
}

async function begin(queries: Queries, name: string): Promise<void> {
  await queries
    .updateTable("installation")
    .set({
      clone: name,
      cloned_at: egNow,
      restored_at: egNow,
      restored_from: 0,
      hold_after: "",
      beats: 0,
      beat_at: null,
    })
    .execute();
  for (const table of ["spare_token_sets", "connect_sessions", "instances"] as const) {
    await queries.deleteFrom(table).execute();
  }
  // What happened is the original's to tell.
  for (const table of ["webhook_deliveries", "mails", "outbox"] as const) await queries.deleteFrom(table).execute();
  await queries
    .updateTable("webhook_endpoints")
    .set({ disabled_reason: "by_request", disabled_at: egNow })
    .where("disabled_reason", "is", null)
    .execute();
}

async function blankNext(queries: Queries, after: string, staticProviders: readonly string[]) {
  const ids = await windowOf(queries, after);
  if (ids.length === 0) return { blanked: 0, next: null };
  await queries.updateTable("refresh_leases").set(AT_REST).where("connection_id", "in", ids).execute();
  const blanked = (await rotating(queries, ids, staticProviders).execute()).map(({ id }) => id);
  if (blanked.length > 0) await blank(queries, blanked);
  return { blanked: blanked.length, next: ids.at(-1) ?? null };
}

/** The access token is good until it expires; then the connection is due, and its user has to reconnect it here. */
async function blank(queries: Queries, ids: readonly string[]): Promise<void> {
  await queries.updateTable("token_sets").set({ refresh_token: null }).where("connection_id", "in", ids).execute();
  const live = await queries
    .updateTable("connections")
    .set({ status: "degraded", status_since: egNow, diagnosis: diagnosisColumn.write(BLANKED) })
    .where("id", "in", ids)
    .where("status", "in", ["active", "degraded", "suspended"])
    .returning("id")
    .execute();
  const liveIds = live.map(({ id }) => id);
  if (liveIds.length === 0) return;
  await queries
    .updateTable("refresh_leases")
    .set((set) => ({
      due_at: set
        .selectFrom("token_sets")
        .select("expires_at")
        .whereRef("token_sets.connection_id", "=", "refresh_leases.connection_id"),
    }))
    .where("connection_id", "in", liveIds)
    .execute();
  await note(queries, liveIds, "degraded", { cause: BLANKED.cause, ...BLANKED.evidence });
}
