import {
  GRACE,
  MOST_TRIALS,
  PROOFS,
  TRIAL,
  type ClientSecret,
  type ClientSecretStore,
} from "../client/client-secret.ts";
import { MINUTE } from "../runtime/clock.ts";
import { noteRefusal, promote, prove, replace, retire, stage } from "./client-secret-changes.ts";
import { ERASED, fromNow, list, live, secretOf } from "./client-secret-rows.ts";
import type { Database, Queries } from "./database.ts";
import { egNow } from "./now.ts";
import { announceClient } from "./outbox.ts";
import { inTransaction, type Transaction } from "./transaction.ts";

export function createClientSecretStore(database: Database): ClientSecretStore {
  const within = inTransaction(database);
  /** Two at once for one client would leave two active ones, or three that live. */
  const locked = <T>(clientId: string, work: (queries: Queries) => Promise<T>): Promise<T> =>
    within(async (tx) => {
      await lockClient(tx, clientId);
      return work(tx.queries);
    });
  return {
    activeSecret: (clientId) =>
      database.read(async (queries) => (await live(queries, clientId)).find(({ state }) => state === "active") ?? null),
    liveSecrets: (clientId) => database.read((queries) => live(queries, clientId)),
    listSecrets: (clientIds) => database.read((queries) => list(queries, clientIds)),
    stageSecret: (clientId, secret, { promotesItself = false } = {}) =>
      locked(clientId, (queries) => stage(queries, clientId, { ...secret, promotesItself })),
    replaceSecret: (clientId, secret, { keepMs = GRACE, makesRoom = false } = {}) =>
      locked(clientId, (queries) => replace(queries, { clientId, secret, keepMs, makesRoom })),
    promoteSecret: (clientId, id, options) =>
      locked(clientId, (queries) => promote(queries, { clientId, id, ...options })),
    retireSecret: (clientId, id, by) => locked(clientId, (queries) => retire(queries, { clientId, id, by })),
    claimTrial: (id) => database.write((queries) => claimTrial(queries, id)),
    proveSecret: (clientId, id) => locked(clientId, (queries) => prove(queries, clientId, id)),
    noteRefusal: (refusal) => locked(refusal.clientId, (queries) => noteRefusal(queries, refusal)),
    markSecretUsed: (id) => database.write((queries) => markUsed(queries, id)),
    eraseRetired: () => database.write(eraseRetired),
    secretsEndingWithin: (milliseconds) => database.read((queries) => endingWithin(queries, milliseconds)),
    markWarned: (id, days) => database.write((queries) => markWarned(queries, id, days)),
  };
}

export async function lockClient({ queries, dialect }: Transaction, clientId: string): Promise<void> {
  await queries.selectFrom("clients").select("id").where("id", "=", clientId).modifyEnd(dialect.forUpdate).execute();
}

async function claimTrial(queries: Queries, id: string): Promise<boolean> {
  const { numUpdatedRows } = await queries
    .updateTable("client_secrets")
    .set((eb) => ({ trial_until: fromNow(TRIAL), tried_count: eb("tried_count", "+", 1) }))
    .where("id", "=", id)
    .where("state", "=", "staged")
    .where("refused_at", "is", null)
    .where("proven_count", "<", PROOFS)
    .where("tried_count", "<", MOST_TRIALS)
    .where("trial_until", "<=", egNow)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

async function markUsed(queries: Queries, id: string): Promise<void> {
  await queries
    .updateTable("client_secrets")
    .set({ last_used_at: egNow })
    .where("id", "=", id)
    .where((where) => where.or([where("last_used_at", "is", null), where("last_used_at", "<=", fromNow(-MINUTE))]))
    .execute();
}

async function eraseRetired(queries: Queries): Promise<ClientSecret[]> {
  const erased = await queries
    .updateTable("client_secrets")
    .set(ERASED)
    .where("state", "=", "retired")
    .where("sealed", "is not", null)
    .where("kept_until", "<=", egNow)
    .returningAll()
    .execute();
  return erased.map(secretOf);
}

async function endingWithin(queries: Queries, milliseconds: number): Promise<ClientSecret[]> {
  const rows = await queries
    .selectFrom("client_secrets")
    .selectAll()
    .where("expires_at", "<=", fromNow(milliseconds))
    .where("state", "!=", "retired")
    .where("sealed", "is not", null)
    .orderBy("id")
    .execute();
  return rows.map(secretOf);
}

async function markWarned(queries: Queries, id: string, days: number): Promise<boolean> {
  const warned = await queries
    .updateTable("client_secrets")
    .set({ warned_days: days })
    .where("id", "=", id)
    .where((where) => where.or([where("warned_days", "is", null), where("warned_days", ">", days)]))
    .returning(["client_id", "expires_at"])
    .executeTakeFirst();
  if (!warned) return false;
  const { client_id: clientId, expires_at: endsAt } = warned;
  const client = queries.selectFrom("clients").select("tenant_id").where("id", "=", clientId);
  const { tenant_id: tenantId } = await client.executeTakeFirstOrThrow();
  const detail = { secret: id, days, ends_at: endsAt };
  await announceClient(queries, "client.secret_expiring", { id: clientId, tenantId, detail });
  return true;
}
