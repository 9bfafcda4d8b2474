import { INCIDENT_KINDS, type Member } from "../incident/incident.ts";
import type { IncidentQuery, IncidentStore } from "../incident/store.ts";
import type { Database, Queries } from "./database.ts";
import { isQuiet, look } from "./incident-look.ts";
import { causeColumn, incidentOf, memberOf, type IncidentRow } from "./incident-row.ts";
import { egNow } from "./now.ts";
import { reprieve } from "./reprieve.ts";
import { inTransaction, type Transaction } from "./transaction.ts";

export function createIncidentStore(database: Database): IncidentStore {
  const transact = inTransaction(database);
  return {
    look: async (newId) =>
      (await database.read(isQuiet))
        ? { opened: [], resolved: [], decided: [], hasMore: false }
        : transact((tx) => look(tx, newId)),
    reprieve: async (limit) => {
      const found = await database.read((queries) => reprievable(queries, limit));
      return found.length === 0 ? [] : transact((tx) => reprieveAll(tx, found));
    },
    list: (query) => database.read(async (queries) => (await list(queries, query)).map(incidentOf)),
    find: (id) =>
      database.read(async (queries) => {
        const row = await queries.selectFrom("incidents").selectAll().where("id", "=", id).executeTakeFirst();
        return row ? incidentOf(row) : null;
      }),
    members: (id, page) => database.read((queries) => members(queries, id, page)),
    acknowledge: (id, by) =>
      database.write(async (queries) => {
        const { numUpdatedRows } = await queries
          .updateTable("incidents")
          .set({ state: "acknowledged", acknowledged_at: egNow, acknowledged_by: by })
          .where("id", "=", id)
          .where("state", "=", "open")
          .executeTakeFirstOrThrow();
        return numUpdatedRows > 0n;
      }),
    countOpen: (tenantId) => database.read((queries) => countOpen(queries, tenantId)),
  };
}

function list(queries: Queries, { tenantId, limit, before, state }: IncidentQuery): Promise<IncidentRow[]> {
  return queries
    .selectFrom("incidents")
    .selectAll()
    .where("tenant_id", "=", tenantId)
    .$if(before !== null, (select) => select.where("id", "<", before ?? ""))
    .$if(state !== null, (select) => select.where("state", "=", state ?? ""))
    .orderBy("id", "desc")
    .limit(limit)
    .execute();
}

async function members(
  queries: Queries,
  id: string,
  { limit, after }: { limit: number; after: string | null },
): Promise<Member[]> {
  const incident = await queries.selectFrom("incidents").selectAll().where("id", "=", id).executeTakeFirst();
  if (incident?.kind === "client_suspended") return suspended(queries, incident, { limit, after });
  const rows = await queries
    .selectFrom("incident_members")
    .leftJoin("connections", "connections.id", "connection_id")
    .selectAll("incident_members")
    .select(["account_label", "end_user"])
    .where("incident_id", "=", id)
    .$if(after !== null, (select) => select.where("connection_id", ">", after ?? ""))
    .orderBy("connection_id")
    .limit(limit)
    .execute();
  return rows.map(memberOf);
}

/** Who is affected by the client's suspension now; when it is over, nobody. */
async function suspended(
  queries: Queries,
  { client_id, first_seen, cause, resolved_at }: IncidentRow,
  { limit, after }: { limit: number; after: string | null },
): Promise<Member[]> {
  if (resolved_at !== null || client_id === null) return [];
  const rows = await queries
    .selectFrom("connections")
    .select(["id", "account_label", "end_user"])
    .where("client_id", "=", client_id)
    .where("status", "in", ["active", "degraded"])
    .$if(after !== null, (select) => select.where("id", ">", after ?? ""))
    .orderBy("id")
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    connectionId: row.id,
    accountLabel: row.account_label,
    endUser: row.end_user,
    condition: "troubled",
    cause: causeColumn.parse(cause),
    code: null,
    since: first_seen,
    recoveredAt: null,
  }));
}

async function countOpen(queries: Queries, tenantId?: string) {
  const rows = await queries
    .selectFrom("incidents")
    .select((select) => ["kind", select.fn.countAll<number>().as("count")])
    .where("resolved_at", "is", null)
    .$if(tenantId !== undefined, (select) => select.where("tenant_id", "=", tenantId ?? ""))
    .groupBy("kind")
    .execute();
  const counts = { rejections: 0, client_suspended: 0, provider: 0, tenant: 0, key_unavailable: 0 };
  for (const kind of INCIDENT_KINDS) counts[kind] = rows.find((row) => row.kind === kind)?.count ?? 0;
  return counts;
}

interface Reprievable {
  incidentId: string;
  connectionId: string;
  generation: number;
}

/** Those that were ended before a bad hour was known to be one; or, where nothing is known yet, one of all. */
async function reprievable(queries: Queries, limit: number): Promise<Reprievable[]> {
  const rows = await queries
    .selectFrom("incident_members as member")
    .innerJoin("incidents", "incidents.id", "member.incident_id")
    .select(["member.incident_id", "member.connection_id", "member.generation", "verdict"])
    .where("incidents.resolved_at", "is", null)
    .where("member.recovered_at", "is", null)
    .where("member.condition", "=", "ended")
    .where("member.doubted", "=", 1)
    .where("member.reprieved_at", "is", null)
    .where((where) =>
      where.or([
        where.and([where("verdict", "=", "bad_hour"), where("since", "<=", where.ref("decided_at"))]),
        where.and([
          where("verdict", "=", "undecided"),
          where("tried_at", "is not", null),
          where.not(
            where.exists(
              where
                .selectFrom("incident_members as tried")
                .select("tried.incident_id")
                .whereRef("tried.incident_id", "=", "incidents.id")
                .where("tried.condition", "=", "tried")
                .where("tried.recovered_at", "is", null),
            ),
          ),
        ]),
      ]),
    )
    .orderBy("member.connection_id")
    .limit(limit)
    .execute();
  const asked = new Set<string>();
  return rows
    .filter(({ verdict, incident_id: id }) => verdict === "bad_hour" || (!asked.has(id) && asked.add(id)))
    .map((row) => ({ incidentId: row.incident_id, connectionId: row.connection_id, generation: row.generation }));
}

async function reprieveAll(tx: Transaction, found: readonly Reprievable[]): Promise<string[]> {
  const reprieved: string[] = [];
  for (const { incidentId, connectionId, generation } of found) {
    const isTried = await reprieve(tx, { connectionId, generation });
    if (isTried) reprieved.push(connectionId);
    await tx.queries
      .updateTable("incident_members")
      .set({ reprieved_at: egNow, ...(isTried && { condition: "tried" }) })
      .where("incident_id", "=", incidentId)
      .where("connection_id", "=", connectionId)
      .where("condition", "=", "ended")
      .execute();
  }
  return reprieved;
}
