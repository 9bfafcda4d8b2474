import type { HistoryEntry, NewHistoryEntry } from "../connection/history.ts";
import type { ConnectionStore, NewConnection } from "../connection/store.ts";
import type { TokenRecord } from "../connection/token-record.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { companyOf } from "./connection-company.ts";
import { claim, claimDue, claimedBy, orphans, reassert, stands } from "./connection-claims.ts";
import { createCommitGroup } from "./commit-group.ts";
import { commitAll, promote, reauthorize, recover } from "./connection-commits.ts";
import { list } from "./connection-list.ts";
import { historyOf, tokenColumns } from "./connection-row.ts";
import { challenge, refuseClaims, setNeeds } from "./connection-needs.ts";
import { newestOf, snapshots } from "./connection-snapshots.ts";
import { discard } from "./discard.ts";
import { disconnect, postpone, reject, release, setPolicy, setStatus } from "./connection-transitions.ts";
import { append, consentColumns, updateConnection } from "./connection-writes.ts";
import type { Database, Queries } from "./database.ts";
import { isClosed } from "./end-tenant.ts";
import { stringMap } from "./json-column.ts";
import { egNow } from "./now.ts";
import { setAside, spares } from "./spares.ts";
import { inTransaction, WELL } from "./transaction.ts";

export function createConnectionStore(database: Database): ConnectionStore {
  const transact = inTransaction(database);
  return {
    create: (connection, tokens, dueAt, entry) =>
      database.write((queries) => create(queries, connection, { tokens, dueAt, history: entry })),
    snapshot: (id) => database.read(async (queries) => (await snapshots(queries, [id]))[0] ?? null),
    findBySeed: (clientId, seed) =>
      database.read(async (queries) => {
        const found = queries.selectFrom("connections").select("id").where("client_id", "=", clientId);
        return (await found.where("seed", "=", seed).executeTakeFirst())?.id ?? null;
      }),
    newestOf: (ids) => database.read((queries) => newestOf(queries, ids)),
    list: (query) => database.read((queries) => list(queries, database.dialect, query)),
    history: (id, page) => database.read((queries) => listHistory(queries, id, page)),

    claim: (request) => transact((tx) => claim(tx, request)),
    claimDue: (request) => transact((tx) => claimDue(tx, request)),
    orphans: (limit) => database.read((queries) => orphans(queries, limit)),
    claimedBy: (owner) => database.read((queries) => claimedBy(queries, owner)),
    reassert: (held, leaseMs) => transact((tx) => reassert(tx, held, leaseMs)),
    stands: (held) => database.read((queries) => stands(queries, held)),

    commit: createCommitGroup((commits) => transact((tx) => commitAll(tx, commits))),
    recover: (commit) => transact((tx) => recover(tx, commit)),
    setAside: (id, tokens, held) => transact((tx) => setAside(tx, id, tokens, held)),
    spares: (id) => database.read((queries) => spares(queries, id)),
    promote: (spare, commit) => transact((tx) => promote(tx, spare, commit)),

    postpone: (postponement) => transact((tx) => postpone(tx, postponement)),
    release: (attempt, dueAt) => transact((tx) => release(tx, attempt, dueAt)),
    company: (id, since) => database.read((queries) => companyOf(queries, id, since)),
    reject: (rejection) => transact((tx) => reject(tx, rejection)),
    setStatus: (change) => transact((tx) => setStatus(tx, change)),

    reauthorize: (commit, consent) => transact((tx) => reauthorize(tx, commit, consent)),
    discard: (id) => transact((tx) => discard(tx, id)),
    disconnect: (id, entry) => transact((tx) => disconnect(tx, id, entry)),
    setLabels: (id, labels) => database.write((queries) => set(queries, id, { labels: stringMap.write(labels) })),
    revokeLinks: (id) => database.write((queries) => revokeLinks(queries, id)),
    setPolicy: (id, policy, dueAt) => transact((tx) => setPolicy(tx, id, { policy, dueAt })),
    setNeeds: (change) => transact((tx) => setNeeds(tx, change)),
    challenge: (id, claims) => transact((tx) => challenge(tx, id, claims)),
    refuseClaims: (id, claims) => transact((tx) => refuseClaims(tx, id, claims)),
    markProven: (id) => database.write((queries) => set(queries, id, { last_proven_at: egNow })),
    markRead: (ids) =>
      database.write(async (queries) => {
        if (ids.length === 0) return;
        await queries.updateTable("connections").set({ last_read_at: egNow }).where("id", "in", ids).execute();
      }),
    prune: (before) => database.write((queries) => prune(queries, before)),
  };
}

async function set(
  queries: Queries,
  id: string,
  columns: { labels: string } | { last_proven_at: typeof egNow },
): Promise<void> {
  await updateConnection(queries, id).set(columns).execute();
}

async function revokeLinks(queries: Queries, id: string): Promise<void> {
  await updateConnection(queries, id)
    .set((column) => ({ link_epoch: column("link_epoch", "+", 1) }))
    .execute();
}

async function prune(queries: Queries, before: number): Promise<void> {
  await queries.deleteFrom("history").where("kind", "=", "refreshed").where("at", "<", before).execute();
  await queries.deleteFrom("spare_token_sets").where("set_aside_at", "<", before).execute();
}

async function listHistory(
  queries: Queries,
  id: string,
  page: { limit: number; before: number | null },
): Promise<HistoryEntry[]> {
  const rows = await queries
    .selectFrom("history")
    .selectAll()
    .where("connection_id", "=", id)
    .$if(page.before !== null, (query) => query.where("id", "<", page.before ?? 0))
    .orderBy("id", "desc")
    .limit(page.limit)
    .execute();
  return rows.map(historyOf);
}

async function create(
  queries: Queries,
  connection: NewConnection,
  { tokens, dueAt, history }: { tokens: TokenRecord; dueAt: number | null; history: NewHistoryEntry },
): Promise<void> {
  if (await isClosed(queries, connection.tenantId)) {
    throw new ServiceError("not_found", "This is being deleted, and takes no connections any more.");
  }
  const made = await queries
    .insertInto("connections")
    .values({
      id: connection.id,
      tenant_id: connection.tenantId,
      end_user: connection.endUser,
      policy: connection.policy,
      seed: connection.seed ?? null,
      labels: stringMap.write(connection.labels),
      status_since: egNow,
      created_at: egNow,
      ...consentColumns(connection),
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  // A repetition: the answer to the first time was lost, or the same token is imported again.
  if (made.numInsertedOrUpdatedRows === 0n) return;
  await requireClient(queries, connection.clientId);
  await queries
    .insertInto("token_sets")
    .values({ connection_id: connection.id, ...tokenColumns(tokens) })
    .execute();
  await queries
    .insertInto("refresh_leases")
    .values({ connection_id: connection.id, client_id: connection.clientId, due_at: dueAt, epoch: 0, ...WELL })
    .execute();
  await append(queries, connection.id, [history]);
}

/** Asked after the connection was inserted: from then on the client's row is held, and cannot be deleted. */
async function requireClient(queries: Queries, id: string): Promise<void> {
  const { deleted_at: deletedAt } = await queries
    .selectFrom("clients")
    .select("deleted_at")
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  if (deletedAt !== null) throw new ServiceError("not_found", "The client of this connection has been deleted.");
}
