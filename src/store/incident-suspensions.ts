import { DEFAULT_TENANT } from "../access/store.ts";
import type { Queries } from "./database.ts";
import { alsoOpen, type OpenIncident } from "./incident-openings.ts";
import { causeColumn, evidenceColumn } from "./incident-row.ts";
import { egNow } from "./now.ts";

/**
 * A suspended client is an incident at once. All its live connections are affected: they are counted and not written down, because
 * nothing is wrong with them and there may be a hundred thousand.
 */
export async function openSuspensions(
  queries: Queries,
  incidents: readonly OpenIncident[],
  newId: () => string,
): Promise<string[]> {
  const known = new Set(incidents.map(({ scope }) => scope));
  const clients = await queries
    .selectFrom("clients")
    .select(["id", "provider_id", "suspended_since", "suspended_cause", "suspended_code"])
    .where("suspended_since", "is not", null)
    .execute();
  const opened: string[] = [];
  for (const client of clients) {
    const scope = `suspended:${client.id}`;
    if (known.has(scope)) continue;
    const id = newId();
    const cause = causeColumn.parse(client.suspended_cause);
    const { count, tenantId } = await affectedOf(queries, client.id);
    const codes = client.suspended_code === null ? {} : { [client.suspended_code]: count };
    const evidence = { codes, causes: { [cause]: count }, attempts: null, alsoOpen: await alsoOpen(queries) };
    await queries
      .insertInto("incidents")
      .values({
        id,
        tenant_id: tenantId,
        kind: "client_suspended",
        scope,
        client_id: client.id,
        provider_id: client.provider_id,
        state: "open",
        verdict: null,
        cause,
        evidence: evidenceColumn.write(evidence),
        affected: count,
        recovered: 0,
        opened_at: egNow,
        first_seen: client.suspended_since ?? egNow,
        last_seen: client.suspended_since ?? egNow,
      })
      .execute();
    opened.push(id);
  }
  return opened;
}

async function affectedOf(queries: Queries, clientId: string): Promise<{ count: number; tenantId: string }> {
  const { count, first, last } = await queries
    .selectFrom("connections")
    .select((select) => [
      select.fn.countAll<number>().as("count"),
      select.fn.min<string | null>("tenant_id").as("first"),
      select.fn.max<string | null>("tenant_id").as("last"),
    ])
    .where("client_id", "=", clientId)
    .where("status", "in", ["active", "degraded"])
    .executeTakeFirstOrThrow();
  return { count, tenantId: first !== null && first === last ? first : DEFAULT_TENANT };
}
