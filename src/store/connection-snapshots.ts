import { sql } from "kysely";
import type { NewestTokens, Snapshot } from "../connection/store.ts";
import { CLIENT_COLUMNS, connectionOf, leaseOf, tokenRecordOf } from "./connection-row.ts";
import type { Queries } from "./database.ts";

/** All that is known of the connections, in one statement, so that it is as of one moment. */
export async function snapshots(queries: Queries, ids: readonly string[]): Promise<Snapshot[]> {
  const rows = await queries
    .selectFrom("connections")
    .innerJoin("clients", "clients.id", "connections.client_id")
    .innerJoin("token_sets", "token_sets.connection_id", "connections.id")
    .innerJoin("refresh_leases", "refresh_leases.connection_id", "connections.id")
    .selectAll(["token_sets", "refresh_leases", "connections"])
    .select([...CLIENT_COLUMNS, "probe_at"])
    .select(hasBetterSpare.as("has_better_spare"))
    .where("connections.id", "in", ids)
    .execute();
  return rows.map((row) => ({
    connection: connectionOf(row),
    tokens: tokenRecordOf(row),
    lease: leaseOf(row),
    hasBetterSpare: Boolean(row.has_better_spare),
    clientProbeAt: row.probe_at,
  }));
}

/**
 * Of two exchanges of the same generation, one replaced the refresh token and came too late, because the other had stored that it
 * stays as it is; or the newest was rejected, and another arrived since. A time of rotation tells whether an answer brought the
 * token; after a new consent nothing that came before it counts.
 */
const hasBetterSpare = sql<boolean | number>`exists (select 1 from spare_token_sets as spare
  where spare.connection_id = connections.id and spare.tried_at is null and (
    refresh_leases.rejected_generation = token_sets.generation or (
      spare.generation = token_sets.generation and spare.rotated_at = spare.obtained_at
      and token_sets.origin <> 'connect' and token_sets.rotated_at is distinct from token_sets.obtained_at)))`;

export async function newestOf(queries: Queries, ids: readonly string[]): Promise<Map<string, NewestTokens>> {
  const rows = await queries
    .selectFrom("token_sets")
    .select(["connection_id", "generation", "refresh_token", "refresh_token_name"])
    .where("connection_id", "in", ids)
    .execute();
  return new Map(
    rows.map((row) => [
      row.connection_id,
      {
        generation: row.generation,
        sealedRefreshToken: row.refresh_token,
        refreshTokenName: row.refresh_token_name,
      },
    ]),
  );
}
