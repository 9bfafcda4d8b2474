import { sql } from "kysely";
import type { Application, NewSecurityEvent } from "../security-event/store.ts";
import type { Mark } from "../security-event/subject.ts";
import type { Queries } from "./database.ts";

/** The connections that an event is about, by their ids and in the order of them. What was disconnected is nobody's any more. */
export async function connectionsOf(
  queries: Queries,
  { tenantId, subject }: Pick<NewSecurityEvent, "tenantId" | "subject">,
  reach: Application["reach"],
): Promise<string[]> {
  const ids = new Set<string>();
  for (const mark of subject?.marks ?? []) {
    for (const { id } of await marked(queries, tenantId, reach, mark)) ids.add(id);
  }
  return [...ids].toSorted();
}

function marked(queries: Queries, tenantId: string, reach: Application["reach"], mark: Mark) {
  const ofClients = clientsIn(queries, tenantId, reach);
  const found = queries
    .selectFrom("connections")
    .select("connections.id")
    .where("connections.tenant_id", "=", tenantId)
    .where("client_id", "in", ofClients)
    .where("status", "<>", "disconnected");
  switch (mark.by) {
    case "account":
      return found.where("account_id", "=", mark.id).execute();
    case "accounts":
      return found
        .where(sql<string>`substr(account_id, 1, ${sql.lit(mark.prefix.length)})`, "=", mark.prefix)
        .execute();
    case "email":
      return found.where(sql<string>`lower(account_label)`, "=", mark.email).execute();
    case "token_prefix":
      return found
        .innerJoin("token_sets", "token_sets.connection_id", "connections.id")
        .where("token_prefix_name", "=", mark.value)
        .execute();
    case "token_digest":
      return found
        .innerJoin("token_sets", "token_sets.connection_id", "connections.id")
        .where("token_digest_name", "=", mark.value)
        .execute();
  }
}

function clientsIn(queries: Queries, tenantId: string, reach: Application["reach"]) {
  const clients = queries.selectFrom("clients").select("clients.id").where("clients.tenant_id", "=", tenantId);
  return "clientId" in reach
    ? clients.where("clients.id", "=", reach.clientId)
    : clients.where("provider_id", "=", reach.providerId);
}
