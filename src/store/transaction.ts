import type { Selectable } from "kysely";
import type { Claim } from "../connection/claim.ts";
import type { Database, Dialect, Queries } from "./database.ts";
import type { Schema } from "./schema.ts";

/** The queries of one transaction, and how rows are locked in this kind of database. */
export interface Transaction {
  queries: Queries;
  dialect: Dialect;
}

export function inTransaction(database: Database) {
  return <T>(work: (tx: Transaction) => Promise<T>): Promise<T> =>
    database.write((queries) => work({ queries, dialect: database.dialect }));
}

export type LeaseRow = Selectable<Schema["refresh_leases"]>;

/**
 * Locks a connection for the rest of the transaction. Every transition does this first, so that what it reads afterwards, the
 * generation above all, is what it changes.
 */
export function lockLease({ queries, dialect }: Transaction, connectionId: string): Promise<LeaseRow | undefined> {
  return queries
    .selectFrom("refresh_leases")
    .selectAll()
    .where("connection_id", "=", connectionId)
    .modifyEnd(dialect.forUpdate)
    .executeTakeFirst();
}

/** Columns of a lease whose refresh token nobody has sent without hearing an answer. */
export const NO_SENDS = {
  attempt_generation: null,
  attempt_at: null,
  unanswered: 0,
  answer_owner: null,
  answer_until: 0,
} as const;

/** Columns of a lease that nobody holds, with nothing unresolved. */
export const AT_REST = { owner: null, lease_until: 0, ...NO_SENDS } as const;

/** And with nothing that went wrong. */
export const WELL = {
  ...AT_REST,
  backoff_until: 0,
  failures: 0,
  cause: null,
  rejected_at: null,
  notice: null,
} as const;

/** After a failover, an epoch may have been given twice. */
export function holds(claim: Claim, lease: Pick<LeaseRow, "epoch" | "owner">): boolean {
  return claim.epoch === lease.epoch && claim.owner === lease.owner;
}

export function updateLease({ queries }: Pick<Transaction, "queries">, connectionId: string) {
  return queries.updateTable("refresh_leases").where("connection_id", "=", connectionId);
}

export async function generationOf({ queries }: Transaction, connectionId: string): Promise<number | undefined> {
  const row = await queries
    .selectFrom("token_sets")
    .select("generation")
    .where("connection_id", "=", connectionId)
    .executeTakeFirst();
  return row?.generation;
}
