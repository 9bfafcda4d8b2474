import type { Company } from "../connection/store.ts";
import type { Queries } from "./database.ts";

/** What else happens around a connection: how its tenant's others at the same client are, and those of the same account. */
export async function companyOf(queries: Queries, id: string, since: number): Promise<Company> {
  const [tenant, account] = await Promise.all([ofTenant(queries, id, since), ofAccount(queries, id)]);
  return { ...tenant, ...account };
}

async function ofTenant(
  queries: Queries,
  id: string,
  since: number,
): Promise<Pick<Company, "ofTenant" | "rejectedOfTenant">> {
  const row = await queries
    .selectFrom("connections as own")
    .innerJoin("connections as other", (join) =>
      join.onRef("other.tenant_id", "=", "own.tenant_id").onRef("other.client_id", "=", "own.client_id"),
    )
    .innerJoin("refresh_leases as lease", "lease.connection_id", "other.id")
    .select((select) => [
      select.fn.countAll<number>().as("all"),
      select.fn.count<number>("lease.connection_id").filterWhere("lease.last_rejected_at", ">", since).as("rejected"),
    ])
    .where("own.id", "=", id)
    .whereRef("other.id", "<>", "own.id")
    .executeTakeFirstOrThrow();
  return { ofTenant: row.all, rejectedOfTenant: row.rejected };
}

async function ofAccount(queries: Queries, id: string): Promise<Pick<Company, "ofAccount" | "laterOfAccount">> {
  const row = await queries
    .selectFrom("connections as own")
    .innerJoin("connections as other", (join) =>
      join.onRef("other.client_id", "=", "own.client_id").onRef("other.account_id", "=", "own.account_id"),
    )
    .select((select) => [
      select.fn.countAll<number>().as("all"),
      select.fn
        .count<number>("other.id")
        .filterWhere((where) => where("other.consented_at", ">", where.ref("own.consented_at")))
        .as("later"),
    ])
    .where("own.id", "=", id)
    .where("other.status", "<>", "disconnected")
    .executeTakeFirstOrThrow();
  return { ofAccount: row.all, laterOfAccount: row.later };
}
