import { sql } from "kysely";
import type { Diagnosis } from "../connection/cause.ts";
import type { Knowledge } from "../refresh/restores.ts";
import { detailColumn, diagnosisColumn } from "./connection-row.ts";
import type { Queries } from "./database.ts";
import { egNow } from "./now.ts";
import type { Transaction } from "./transaction.ts";

const CAUSE = "restored_from_backup";

/** Connections that are held, as they are stored. */
export const HELD = sql<boolean>`connections.status = 'suspended'
  and connections.diagnosis like ${sql.lit(`{"cause":"${CAUSE}",%`)}`;

/** Connections looked through in one transaction: few enough that nobody waits long for it. */
export const WINDOW = 1000;

/** Holds those among the connections of which not everything is known. Returns how many. */
export async function holdAmong(
  tx: Transaction,
  ids: readonly string[],
  { knowledge, evidence }: { knowledge: Knowledge; evidence: Diagnosis["evidence"] },
): Promise<number> {
  const suspects = await doubtful(tx.queries, ids, knowledge);
  await lockLeases(tx, suspects);
  // Again, because somebody may have stored a newer token set before the locks were ours.
  const doubted = await doubtful(tx.queries, suspects, knowledge);
  if (doubted.length > 0) await hold(tx.queries, doubted, { cause: CAUSE, confidence: "possible", evidence });
  return doubted.length;
}

/** The ids of the connections that come next. */
export async function windowOf(queries: Queries, after: string): Promise<string[]> {
  const rows = await queries
    .selectFrom("connections")
    .select("id")
    .where("id", ">", after)
    .orderBy("id")
    .limit(WINDOW)
    .execute();
  return rows.map(({ id }) => id);
}

/** Those among them that are alive, and whose refresh token may have been replaced by one that is not known here. */
export async function doubtful(queries: Queries, ids: readonly string[], knowledge: Knowledge): Promise<string[]> {
  const { newestSince, staticProviders } = knowledge;
  if (ids.length === 0) return [];
  const rows = await rotating(queries, ids, staticProviders)
    .where("connections.status", "in", ["active", "degraded"])
    .$if(newestSince !== null, (select) => select.where("obtained_at", "<", newestSince ?? 0))
    .execute();
  return rows.map(({ id }) => id);
}

/** Those among them with a refresh token that was replaced once, or whose provider may do so. */
export function rotating(queries: Queries, ids: readonly string[], staticProviders: readonly string[]) {
  return queries
    .selectFrom("connections")
    .innerJoin("token_sets", "token_sets.connection_id", "connections.id")
    .innerJoin("clients", "clients.id", "connections.client_id")
    .select("connections.id")
    .where("connections.id", "in", ids)
    .where("refresh_token", "is not", null)
    .$if(staticProviders.length > 0, (select) =>
      select.where((where) =>
        where.or([where("rotated_at", "is not", null), where("provider_id", "not in", staticProviders)]),
      ),
    )
    .orderBy("connections.id");
}

async function lockLeases({ queries, dialect }: Transaction, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await queries
    .selectFrom("refresh_leases")
    .select("connection_id")
    .where("connection_id", "in", ids)
    .orderBy("connection_id")
    .modifyEnd(dialect.forUpdate)
    .execute();
}

async function hold(queries: Queries, ids: readonly string[], diagnosis: Diagnosis): Promise<void> {
  await queries
    .updateTable("connections")
    .set({ status: "suspended", status_since: egNow, diagnosis: diagnosisColumn.write(diagnosis) })
    .where("id", "in", ids)
    .execute();
  // A claim from before the restore is nobody's; that the refresh token may have been sent stays noted.
  await queries
    .updateTable("refresh_leases")
    .set({ due_at: null, owner: null, lease_until: 0 })
    .where("connection_id", "in", ids)
    .execute();
  await note(queries, ids, "held_after_restore", diagnosis.evidence);
}

/** Appends the same entry to the history of each. */
export async function note(
  queries: Queries,
  ids: readonly string[],
  kind: "held_after_restore" | "degraded",
  detail: Diagnosis["evidence"],
): Promise<void> {
  await queries
    .insertInto("history")
    .columns(["connection_id", "at", "kind", "generation", "detail"])
    .expression((from) =>
      from
        .selectFrom("token_sets")
        .select((select) => [
          "connection_id",
          egNow.as("at"),
          select.val(kind).as("kind"),
          "generation",
          select.val(detailColumn.write(detail)).as("detail"),
        ])
        .where("connection_id", "in", ids)
        .orderBy("connection_id"),
    )
    .execute();
}
