import { Buffer } from "node:buffer";
import type { ConnectionStatus } from "../connection/connection.ts";
import type { Lack } from "../connection/lack.ts";
import type { TokenRecord } from "../connection/token-record.ts";
import { lackOf, statusColumn } from "./connection-row.ts";
import { egNow } from "./now.ts";
import type { LeaseRow, Transaction } from "./transaction.ts";

/** What a commit would replace, with its connection locked. */
export interface LockedTokens {
  lease: LeaseRow;
  status: ConnectionStatus;
  statusSince: number;
  lack: Lack;
  generation: number;
  obtainedAt: number;
  accessToken: Uint8Array | null;
  refreshToken: Uint8Array | null;
  refreshTokenName: string | null;
  hasSpares: boolean;
  /** By the database's clock. */
  now: number;
}

/** Locks the connections, always in the same order, so that two batches do not wait for each other. */
export async function lockTokens(
  { queries, dialect }: Transaction,
  connectionIds: readonly string[],
): Promise<Map<string, LockedTokens>> {
  const leases = await queries
    .selectFrom("refresh_leases")
    .selectAll()
    .select(egNow.as("now"))
    .where("connection_id", "in", connectionIds)
    .orderBy("connection_id")
    .modifyEnd(dialect.forUpdate)
    .execute();
  const rows = await queries
    .selectFrom("token_sets")
    .innerJoin("connections", "connections.id", "token_sets.connection_id")
    .select((select) =>
      select
        .exists(
          select
            .selectFrom("spare_token_sets as spare")
            .select("spare.id")
            .whereRef("spare.connection_id", "=", "token_sets.connection_id"),
        )
        .as("has_spares"),
    )
    .select([
      "connection_id",
      "generation",
      "obtained_at",
      "access_token",
      "refresh_token",
      "refresh_token_name",
      "status",
      "status_since",
      "missing_scopes",
      "claims",
    ])
    .where("connection_id", "in", connectionIds)
    .execute();
  const byId = new Map(rows.map((row) => [row.connection_id, row]));
  const locked = new Map<string, LockedTokens>();
  for (const lease of leases) {
    const row = byId.get(lease.connection_id);
    if (!row) continue;
    const { generation, obtained_at: obtainedAt, access_token: accessToken, refresh_token: refreshToken } = row;
    const { refresh_token_name: refreshTokenName } = row;
    const status = statusColumn.parse(row.status);
    const { now } = lease;
    locked.set(lease.connection_id, {
      lease,
      generation,
      obtainedAt,
      accessToken,
      refreshToken,
      refreshTokenName,
      status,
      statusSince: row.status_since,
      lack: lackOf(row),
      hasSpares: Boolean(row.has_spares),
      now,
    });
  }
  return locked;
}

/** What was disconnected has no successor, short of a new consent. A database that lost commits is further behind. */
export function isOlder(before: LockedTokens, tokens: TokenRecord): boolean {
  return before.generation < tokens.generation && before.status !== "disconnected";
}

export function follows(before: LockedTokens, tokens: TokenRecord): boolean {
  return before.generation === tokens.generation - 1 && before.status !== "disconnected";
}

/** Each sealing has a salt of its own, so the same bytes are the same write: it happened, and its answer was lost. */
export function isSame(before: LockedTokens, tokens: TokenRecord): boolean {
  return (
    before.generation === tokens.generation &&
    sameBytes(before.accessToken, tokens.sealedAccessToken) &&
    sameBytes(before.refreshToken, tokens.sealedRefreshToken)
  );
}

export function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  return a === null || b === null ? a === b : Buffer.compare(a, b) === 0;
}
