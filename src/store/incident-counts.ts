import { sql } from "kysely";
import { commonestCause } from "../incident/commonest-cause.ts";
import type { Look } from "../incident/store.ts";
import { BRAKE_WINDOW } from "../refresh/brake.ts";
import type { Queries } from "./database.ts";
import { causeColumn, evidenceColumn, incidentKindColumn, incidentOf } from "./incident-row.ts";
import { egNow } from "./now.ts";
import { announce } from "./outbox.ts";

/** Counts anew who is in incidents, and why. */
export async function recount(queries: Queries, ids: ReadonlySet<string>): Promise<void> {
  for (const id of ids) {
    const rows = await queries
      .selectFrom("incident_members")
      .select((select) => [
        "cause",
        "code",
        select.fn.countAll<number>().as("count"),
        select.fn.count<number>("recovered_at").as("recovered"),
      ])
      .where("incident_id", "=", id)
      .groupBy(["cause", "code"])
      .execute();
    const causes = tally(rows, ({ cause }) => cause);
    const cause = commonestCause(causes);
    if (cause === null) continue;
    const { evidence } = await queries
      .selectFrom("incidents")
      .select("evidence")
      .where("id", "=", id)
      .executeTakeFirstOrThrow();
    const codes = tally(rows, ({ code }) => code);
    await queries
      .updateTable("incidents")
      .set({
        cause: causeColumn.parse(cause),
        evidence: evidenceColumn.write({ ...evidenceColumn.read(evidence), codes, causes }),
        affected: sum(rows.map(({ count }) => count)),
        recovered: sum(rows.map(({ recovered }) => recovered)),
      })
      .where("id", "=", id)
      .execute();
  }
}

function tally<T extends { count: number }>(rows: readonly T[], nameOf: (row: T) => string | null) {
  const counts: Record<string, number> = {};
  for (const row of rows) {
    const name = nameOf(row);
    if (name !== null) counts[name] = (counts[name] ?? 0) + row.count;
  }
  return counts;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Tells that incidents were opened. */
export async function announceOpened(queries: Queries, ids: readonly string[]): Promise<Look["opened"]> {
  if (ids.length === 0) return [];
  const rows = await queries.selectFrom("incidents").selectAll().where("id", "in", ids).orderBy("id").execute();
  for (const { id, tenantId, clientId, kind, cause, affected } of rows.map(incidentOf)) {
    const about = { tenantId, connectionId: null, clientId, incidentId: id };
    await announce(queries, { type: "incident.opened", ...about, detail: { kind, cause, affected } });
  }
  return rows.map(incidentOf).map(({ id, kind, cause, affected }) => ({ id, kind, cause, affected }));
}

/** So long after the last one joined, nobody else is waited for. Milliseconds. */
const QUIET = BRAKE_WINDOW;

/** Resolves incidents that are over, and tells of it. */
export async function resolve(queries: Queries, now: number): Promise<Look["resolved"]> {
  const over = await queries
    .updateTable("incidents")
    .set({ state: "resolved", resolved_at: egNow, recovered: sql`affected` })
    .where("resolved_at", "is", null)
    .where((where) =>
      where.or([
        where.and([
          where("kind", "=", "client_suspended"),
          where.not(
            where.exists(
              where
                .selectFrom("clients")
                .select("clients.id")
                .whereRef("clients.id", "=", "incidents.client_id")
                .where("suspended_since", "is not", null),
            ),
          ),
        ]),
        where.and([
          where("kind", "<>", "client_suspended"),
          where("last_seen", "<=", now - QUIET),
          where.not(
            where.exists(
              where
                .selectFrom("incident_members")
                .select("incident_id")
                .whereRef("incident_id", "=", "incidents.id")
                .where("recovered_at", "is", null),
            ),
          ),
        ]),
      ]),
    )
    .returning(["id", "kind", "tenant_id", "client_id", "affected"])
    .execute();
  for (const { id, kind, tenant_id: tenantId, client_id: clientId, affected } of over) {
    const about = { tenantId, connectionId: null, clientId, incidentId: id };
    await announce(queries, { type: "incident.resolved", ...about, detail: { kind, affected } });
  }
  return over.map(({ id, kind }) => ({ id, kind: incidentKindColumn.parse(kind) }));
}
