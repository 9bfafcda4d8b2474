import { DEFAULT_TENANT } from "../access/store.ts";
import { LONGEST_INQUIRY, TRIED_WITHIN } from "../incident/decide.ts";
import { INCIDENT_WINDOW, MOST_COUNTED, type Failure, type Opening } from "../incident/group.ts";
import { MINUTE } from "../runtime/clock.ts";
import { sql } from "kysely";
import type { Queries } from "./database.ts";
import { memberColumns } from "./incident-members.ts";
import { evidenceColumn, type IncidentRow } from "./incident-row.ts";
import { egNow } from "./now.ts";
import { UNWELL } from "./outbox.ts";

export type OpenIncident = Pick<
  IncidentRow,
  "id" | "scope" | "kind" | "tenant_id" | "verdict" | "opened_at" | "decided_at" | "last_seen"
>;

export function openIncidents(queries: Queries): Promise<OpenIncident[]> {
  return queries
    .selectFrom("incidents")
    .select(["id", "scope", "kind", "tenant_id", "verdict", "opened_at", "decided_at", "last_seen"])
    .where("resolved_at", "is", null)
    .orderBy("id", "desc")
    .execute();
}

/** How many connections the clients of the failures have, as far as that matters. */
export async function sizesOf(queries: Queries, failures: readonly Failure[]): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for (const { clientId } of failures) {
    if (sizes.has(clientId)) continue;
    const some = queries.selectFrom("connections").select("id").where("client_id", "=", clientId).limit(MOST_COUNTED);
    const { count } = await queries
      .selectFrom(some.as("some"))
      .select((select) => select.fn.countAll<number>().as("count"))
      .executeTakeFirstOrThrow();
    sizes.set(clientId, count);
  }
  return sizes;
}

/** Opens an incident with its first members. */
export async function open(queries: Queries, opening: Opening, id: string): Promise<string> {
  const { kind, scope, clientId, providerId, failures } = opening;
  const [first] = failures;
  if (!first) throw new Error("An incident is of somebody.");
  const isRejected = failures.some(({ condition }) => condition !== "troubled");
  const isDoubted = failures.some(({ confidence }) => confidence !== "certain");
  const attempts = isRejected ? await attemptsOf(queries, failures) : null;
  const evidence = { codes: {}, causes: {}, attempts, alsoOpen: await alsoOpen(queries) };
  const made = await queries
    .insertInto("incidents")
    .values({
      id,
      tenant_id: tenantOf(failures, first.tenantId),
      kind,
      scope,
      client_id: clientId,
      provider_id: providerId,
      state: "open",
      verdict: isRejected ? (isDoubted ? "undecided" : "meant") : null,
      cause: first.cause,
      evidence: evidenceColumn.write(evidence),
      affected: 0,
      recovered: 0,
      opened_at: egNow,
      first_seen: Math.min(...failures.map(({ at }) => at)),
      last_seen: Math.max(...failures.map(({ at }) => at)),
    })
    .returning(["id", "scope", "kind", "tenant_id", "verdict", "opened_at", "decided_at", "last_seen"])
    .executeTakeFirstOrThrow();
  await join(queries, made, failures);
  return id;
}

/** Makes connections members of an incident. */
export async function join(queries: Queries, incident: OpenIncident, failures: readonly Failure[]): Promise<void> {
  await queries
    .insertInto("incident_members")
    .values(
      failures.map((failure) => ({
        incident_id: incident.id,
        connection_id: failure.connectionId,
        since: failure.at,
        ...memberColumns(failure),
      })),
    )
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await queries
    .updateTable("incidents")
    .set({
      tenant_id: tenantOf(failures, incident.tenant_id),
      last_seen: Math.max(incident.last_seen, ...failures.map(({ at }) => at)),
    })
    .where("id", "=", incident.id)
    .execute();
  await keepBack(queries, incident, failures);
}

/** Events of members say in which incident they are, and what may have been no end is told to nobody yet. */
export async function keepBack(queries: Queries, incident: OpenIncident, failures: readonly Failure[]): Promise<void> {
  await pendingOf(queries, failures).set({ incident_id: incident.id }).execute();
  const until = untoldUntil(incident);
  const doubted = failures.filter(({ confidence, at }) => confidence !== "certain" && at <= (until?.endedBy ?? 0));
  if (until === null || doubted.length === 0) return;
  await pendingOf(queries, doubted).set({ held_until: until.at }).execute();
}

/** Until when nobody is told of what ended by a time; null where everybody is told as usual. */
function untoldUntil({ verdict, opened_at: openedAt, decided_at: decidedAt }: OpenIncident) {
  // Beyond the longest inquiry: should nobody look any more, they are told all the same.
  if (verdict === "undecided") return { at: openedAt + LONGEST_INQUIRY + MINUTE, endedBy: Infinity };
  return verdict === "bad_hour" && decidedAt !== null ? { at: decidedAt + TRIED_WITHIN, endedBy: decidedAt } : null;
}

function pendingOf(queries: Queries, failures: readonly Failure[]) {
  return queries
    .updateTable("outbox")
    .where(
      "connection_id",
      "in",
      failures.map(({ connectionId }) => connectionId),
    )
    .where("passed_on_at", "is", null)
    .where("type", "in", UNWELL);
}

function tenantOf(failures: readonly Failure[], tenantId: string): string {
  return failures.every((failure) => failure.tenantId === tenantId) ? tenantId : DEFAULT_TENANT;
}

/** Refreshes of these clients lately, and these failures. */
async function attemptsOf(queries: Queries, failures: readonly Failure[]): Promise<number> {
  const clients = [...new Set(failures.map(({ clientId }) => clientId))];
  const { count } = await queries
    .selectFrom("history")
    .innerJoin("connections", "connections.id", "history.connection_id")
    .select((select) => select.fn.countAll<number>().as("count"))
    // As in the index.
    .where(sql<boolean>`kind = 'refreshed'`)
    .where("history.at", ">", sql<number>`eg_now() - ${sql.lit(INCIDENT_WINDOW)}`)
    .where("client_id", "in", clients)
    .executeTakeFirstOrThrow();
  return count + failures.length;
}

export async function alsoOpen(queries: Queries): Promise<Record<string, number>> {
  const rows = await queries
    .selectFrom("incidents")
    .select((select) => ["kind", select.fn.countAll<number>().as("count")])
    .where("resolved_at", "is", null)
    .groupBy("kind")
    .execute();
  return Object.fromEntries(rows.map(({ kind, count }) => [kind, count]));
}
