import { sql, type Selectable } from "kysely";
import { z } from "zod";
import {
  MOST_TRIALS,
  PROOFS,
  type ClientSecret,
  type LiveSecret,
  type NewSecret,
  type SecretState,
} from "../client/client-secret.ts";
import type { Queries } from "./database.ts";
import { egNow } from "./now.ts";
import type { Schema } from "./schema.ts";

const stateColumn = z.enum(["staged", "active", "retired"]);

/** Columns of one that nobody can use any more. */
export const ERASED = { sealed: null, promotes_itself: 0 } as const;

/** Columns of one that has another in its place, and of one that has not. */
export const retired = (by: string | null) => ({
  state: "retired" satisfies SecretState,
  retired_at: egNow,
  retired_by: by,
});
export const NOT_RETIRED = { retired_at: null, retired_by: null, kept_until: null } as const;
export const NOT_REFUSED = { refused_at: null, refused_code: null } as const;

export function fromNow(milliseconds: number) {
  return sql<number>`eg_now() + cast(${milliseconds} as bigint)`;
}

export function ofClient(queries: Queries, clientId: string) {
  return queries.updateTable("client_secrets").where("client_id", "=", clientId);
}

export async function live(queries: Queries, clientId: string): Promise<LiveSecret[]> {
  const rows = await queries
    .selectFrom("client_secrets")
    .selectAll()
    .select(sql<number>`case when trial_until <= eg_now() then 1 else 0 end`.as("is_free"))
    .where("client_id", "=", clientId)
    .where("sealed", "is not", null)
    .where((where) => where.or([where("state", "!=", "retired"), where("kept_until", ">", egNow)]))
    .orderBy("id", "desc")
    .execute();
  const order: SecretState[] = ["active", "staged", "retired"];
  const found = rows.flatMap((row) => (row.sealed === null ? [] : [liveOf(row, row.sealed)]));
  return found.toSorted((a, b) => order.indexOf(a.state) - order.indexOf(b.state));
}

export async function list(queries: Queries, clientIds: readonly string[]): Promise<ClientSecret[]> {
  if (clientIds.length === 0) return [];
  const rows = await queries
    .selectFrom("client_secrets")
    .selectAll()
    .where("client_id", "in", [...clientIds])
    .orderBy("id", "desc")
    .execute();
  return rows.map(secretOf);
}

type Inserted = NewSecret & { state: SecretState; promotesItself?: boolean; tookAPlace?: boolean };

export async function insert(queries: Queries, clientId: string, secret: Inserted): Promise<void> {
  const { createdBy = null, tookAPlace = false } = secret;
  await queries
    .insertInto("client_secrets")
    .values({
      id: secret.id,
      client_id: clientId,
      state: secret.state,
      sealed: secret.sealed,
      created_at: egNow,
      created_by: createdBy,
      expires_at: secret.expiresAt ?? null,
      shown: secret.shown ?? null,
      ...(secret.restsMs !== undefined && { trial_until: fromNow(secret.restsMs) }),
      promotes_itself: secret.promotesItself === true ? 1 : 0,
      ...(tookAPlace && { promoted_at: egNow, promoted_by: createdBy }),
    })
    .execute();
}

type Row = Selectable<Schema["client_secrets"]>;

function liveOf(row: Row & { is_free: number }, sealed: Uint8Array): LiveSecret {
  const awaitsTrial =
    row.state === "staged" &&
    row.refused_at === null &&
    row.proven_count < PROOFS &&
    row.tried_count < MOST_TRIALS &&
    row.is_free === 1;
  return { ...secretOf(row), sealed, awaitsTrial };
}

export function secretOf(row: Row): ClientSecret {
  return {
    id: row.id,
    clientId: row.client_id,
    state: stateColumn.parse(row.state),
    sealed: row.sealed,
    createdAt: row.created_at,
    createdBy: row.created_by,
    promotedAt: row.promoted_at,
    promotedBy: row.promoted_by,
    retiredAt: row.retired_at,
    retiredBy: row.retired_by,
    keptUntil: row.kept_until,
    lastUsedAt: row.last_used_at,
    provenCount: row.proven_count,
    promotesItself: row.promotes_itself === 1,
    refusal: row.refused_at === null ? null : { code: row.refused_code ?? "", at: row.refused_at },
    expiresAt: row.expires_at,
    shown: row.shown,
  };
}
