import type { NewHistoryEntry } from "../connection/history.ts";
import type { Commit, Consent, Postponement, ResolvedAttempt, StatusChange } from "../connection/store.ts";
import { diagnosisColumn, tokenColumns } from "./connection-row.ts";
import { append, consentColumns, updateConnection } from "./connection-writes.ts";
import type { Queries } from "./database.ts";
import { stringList } from "./json-column.ts";
import { egNow } from "./now.ts";

export async function claim(queries: Queries, id: string, generation: number): Promise<"claimed" | "moved"> {
  const current = await queries
    .selectFrom("token_sets")
    .select("generation")
    .where("connection_id", "=", id)
    .executeTakeFirst();
  if (current?.generation !== generation) return "moved";
  // An attempt that is still unanswered keeps its time: it is the evidence of a lost answer.
  await queries
    .updateTable("refresh_leases")
    .set((set) => ({
      attempt_at: set.fn.coalesce(
        set.case().when("attempt_generation", "=", generation).then(set.ref("attempt_at")).end(),
        egNow,
      ),
      attempt_generation: generation,
    }))
    .where("connection_id", "=", id)
    .execute();
  return "claimed";
}

export async function commitRefresh(queries: Queries, commit: Commit): Promise<"committed" | "superseded"> {
  if (!(await replaceTokens(queries, commit))) return "superseded";
  await updateConnection(queries, commit.connectionId)
    .set((set) => ({
      granted_scopes: stringList.write(commit.tokens.scope),
      last_proven_at: egNow,
      diagnosis: null,
      status_since: set.case().when("status", "=", "active").then(set.ref("status_since")).else(egNow).end(),
      status: "active",
    }))
    .execute();
  return "committed";
}

export async function reauthorize(
  queries: Queries,
  commit: Commit,
  consent: Consent,
): Promise<"committed" | "superseded"> {
  if (!(await replaceTokens(queries, commit))) return "superseded";
  await updateConnection(queries, commit.connectionId)
    .set({ status_since: egNow, ...consentColumns(consent) })
    .execute();
  return "committed";
}

/** The compare-and-set of the whole protocol: a token set follows its predecessor or nothing. Ends what was claimed. */
async function replaceTokens(queries: Queries, { connectionId, tokens, dueAt, history }: Commit): Promise<boolean> {
  const replaced = await queries
    .updateTable("token_sets")
    .set(tokenColumns(tokens))
    .where("connection_id", "=", connectionId)
    .where("generation", "=", tokens.generation - 1)
    .executeTakeFirst();
  if (replaced.numUpdatedRows === 0n) return false;
  await queries
    .updateTable("refresh_leases")
    .set({ due_at: dueAt, backoff_until: 0, failures: 0, cause: null, attempt_generation: null, attempt_at: null })
    .where("connection_id", "=", connectionId)
    .execute();
  await append(queries, connectionId, history);
  return true;
}

export async function postpone(queries: Queries, postponement: Postponement): Promise<void> {
  const { connectionId, backoffUntil, diagnosis, history } = postponement;
  if (!(await isNewest(queries, postponement))) return;
  await queries
    .updateTable("refresh_leases")
    .set((set) => ({
      backoff_until: backoffUntil,
      // What is never due by itself stays so; everything else waits for the end of the back-off.
      due_at: set.case().when("due_at", "is", null).then(null).else(backoffUntil).end(),
      failures: set("failures", "+", 1),
      cause: diagnosis.cause,
      ...(postponement.answered && { attempt_generation: null, attempt_at: null }),
    }))
    .where("connection_id", "=", connectionId)
    .execute();
  if (history) await append(queries, connectionId, [history]);
  if (postponement.degrade) await degrade(queries, postponement);
}

/** `active` becomes `degraded` once; a connection that already is one learns the newest reason. */
async function degrade(queries: Queries, { connectionId, generation, diagnosis }: Postponement): Promise<void> {
  const degraded = await updateConnection(queries, connectionId)
    .set({ status: "degraded", status_since: egNow })
    .where("status", "=", "active")
    .executeTakeFirst();
  await updateConnection(queries, connectionId)
    .set({ diagnosis: diagnosisColumn.write(diagnosis) })
    .where("status", "=", "degraded")
    .execute();
  if (degraded.numUpdatedRows === 0n) return;
  await append(queries, connectionId, [{ kind: "degraded", generation, detail: { cause: diagnosis.cause } }]);
}

export async function release(queries: Queries, attempt: ResolvedAttempt): Promise<void> {
  if (!attempt.answered || !(await isNewest(queries, attempt))) return;
  await queries
    .updateTable("refresh_leases")
    .set({ attempt_generation: null, attempt_at: null })
    .where("connection_id", "=", attempt.connectionId)
    .execute();
}

export async function setStatus(queries: Queries, change: StatusChange): Promise<"changed" | "superseded"> {
  if (!(await isNewest(queries, change))) return "superseded";
  await updateConnection(queries, change.connectionId)
    .set({
      status: change.status,
      status_since: egNow,
      diagnosis: change.diagnosis && diagnosisColumn.write(change.diagnosis),
    })
    .execute();
  await rest(queries, change.connectionId);
  await append(queries, change.connectionId, [change.history]);
  return "changed";
}

export async function disconnect(queries: Queries, id: string, history: NewHistoryEntry): Promise<void> {
  await updateConnection(queries, id).set({ status: "disconnected", status_since: egNow, diagnosis: null }).execute();
  // The row stays without its tokens, because it counts the generations. The next one begins, so that a refresh that is
  // under way is superseded and cannot bring the connection back.
  await queries
    .updateTable("token_sets")
    .set((set) => ({ generation: set("generation", "+", 1), access_token: null, refresh_token: null }))
    .where("connection_id", "=", id)
    .execute();
  await rest(queries, id);
  await append(queries, id, [history]);
}

/** Nothing is due for a connection that is over. */
async function rest(queries: Queries, id: string): Promise<void> {
  await queries
    .updateTable("refresh_leases")
    .set({ due_at: null, backoff_until: 0, failures: 0, cause: null, attempt_generation: null, attempt_at: null })
    .where("connection_id", "=", id)
    .execute();
}

async function isNewest(
  queries: Queries,
  { connectionId, generation }: { connectionId: string; generation: number },
): Promise<boolean> {
  const row = await queries
    .selectFrom("token_sets")
    .select("generation")
    .where("connection_id", "=", connectionId)
    .executeTakeFirst();
  return row?.generation === generation;
}
