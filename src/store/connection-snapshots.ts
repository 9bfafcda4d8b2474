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
    .where("connections.id", "in", ids)
    .execute();
  return rows.map((row) => ({
    connection: connectionOf(row),
    tokens: tokenRecordOf(row),
    lease: leaseOf(row),
    clientProbeAt: row.probe_at,
  }));
}

export async function newestOf(queries: Queries, ids: readonly string[]): Promise<Map<string, NewestTokens>> {
  const rows = await queries
    .selectFrom("token_sets")
    .select(["connection_id", "generation", "refresh_token"])
    .where("connection_id", "in", ids)
    .execute();
  return new Map(
    rows.map(({ connection_id: id, generation, refresh_token: sealedRefreshToken }) => [
      id,
      { generation, sealedRefreshToken },
    ]),
  );
}
