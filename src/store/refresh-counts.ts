import { sql } from "kysely";
import { z } from "zod";
import {
  beginOf,
  REFRESH_OUTCOMES,
  STEPS,
  type RefreshCount,
  type RefreshCountQuery,
} from "../refresh/refresh-counts.ts";
import type { RefreshCountStore } from "../refresh/refresh-counts.ts";
import type { Database, Queries } from "./database.ts";

const outcomeColumn = z.enum(REFRESH_OUTCOMES);

export function createRefreshCountStore(database: Database): RefreshCountStore {
  return {
    add: (counts) => database.write((queries) => add(queries, counts)),
    series: (query) =>
      database.read(async (queries) => {
        const rows = await selectCounts(queries, query)
          .select((select) => ["at", "outcome", select.fn.sum<number>("count").as("count")])
          .groupBy(["at", "outcome"])
          .orderBy("at")
          .execute();
        return rows.map((row) => ({ ...row, outcome: outcomeColumn.parse(row.outcome) }));
      }),
    byClient: (query) =>
      database.read(async (queries) => {
        const rows = await selectCounts(queries, query)
          .select((select) => ["client_id", "outcome", "speed", select.fn.sum<number>("count").as("count")])
          .groupBy(["client_id", "outcome", "speed"])
          .orderBy("client_id")
          .execute();
        return rows.map(({ client_id: clientId, outcome, speed, count }) => {
          return { clientId, outcome: outcomeColumn.parse(outcome), speed, count };
        });
      }),
    prune: () => database.write(prune),
  };
}

function selectCounts(queries: Queries, { tenantId, step, from, to, clientId, providerId }: RefreshCountQuery) {
  return queries
    .selectFrom("refresh_counts")
    .where("step", "=", step)
    .where("at", ">=", beginOf(from, step))
    .where("at", "<", to)
    .where("tenant_id", "=", tenantId)
    .$if(clientId !== undefined, (select) => select.where("client_id", "=", clientId ?? ""))
    .$if(providerId !== undefined, (select) =>
      select.where("client_id", "in", (clients) =>
        clients
          .selectFrom("clients")
          .select("id")
          .where("provider_id", "=", providerId ?? ""),
      ),
    );
}

async function add(queries: Queries, counts: readonly RefreshCount[]): Promise<void> {
  const rows = counts.map(({ tenantId, clientId, ...rest }) => ({
    tenant_id: tenantId,
    client_id: clientId,
    ...rest,
  }));
  await queries
    .insertInto("refresh_counts")
    // In one order, so that two processes do not wait for each other.
    .values(rows.toSorted((a, b) => orderOf(a).localeCompare(orderOf(b))))
    .onConflict((conflict) =>
      conflict
        .columns(["step", "at", "tenant_id", "client_id", "outcome", "speed"])
        .doUpdateSet({ count: sql<number>`refresh_counts.count + excluded.count` }),
    )
    .execute();
}

function orderOf(row: {
  step: number;
  at: number;
  tenant_id: string;
  client_id: string;
  outcome: string;
  speed: number;
}) {
  return [row.step, row.at, row.tenant_id, row.client_id, row.outcome, row.speed].join(" ");
}

async function prune(queries: Queries): Promise<void> {
  for (const { step, keptMs } of STEPS) {
    await queries
      .deleteFrom("refresh_counts")
      .where("step", "=", step)
      .where("at", "<", sql<number>`eg_now() - ${sql.lit(keptMs)}`)
      .execute();
  }
}
