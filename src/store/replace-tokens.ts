import { sql } from "kysely";
import type { Claim } from "../connection/claim.ts";
import type { NewHistoryEntry } from "../connection/history.ts";
import { diagnosisOfLack, lacksMore, type Lack } from "../connection/lack.ts";
import type { Commit } from "../connection/store.ts";
import { tokenColumns } from "./connection-row.ts";
import { appendAll } from "./connection-writes.ts";
import { stringList } from "./json-column.ts";
import type { LockedTokens } from "./locked-tokens.ts";
import { spentAfter, spentColumn } from "./spent-tokens.ts";
import { updateFromValues } from "./update-from-values.ts";
import { AT_REST, holds, NO_SENDS, type Transaction } from "./transaction.ts";

export interface Replacement {
  before: LockedTokens;
  commit: Commit;
  claim: Claim | null;
}

/** Makes token sets the newest of their connections, with all that this changes: a few statements, however many they are. */
export async function replaceTokens(tx: Transaction, replacements: readonly Replacement[]): Promise<void> {
  if (replacements.length === 0) return;
  const commits = replacements.map(({ commit }) => commit);
  await writeTokens(tx, commits);
  await dropSpent(tx, replacements);
  await updateFromValues(tx, "refresh_leases", "connection_id", replacements.map(leaseAfter), {
    backoff_until: sql`0`,
    failures: sql`0`,
    cause: sql`null`,
    rejected_at: sql`null`,
    last_rejected_at: sql`null`,
  });
  await updateFromValues(tx, "connections", "id", replacements.map(provenBy), {
    last_proven_at: sql`eg_now()`,
    diagnosis: sql`null`,
    status: sql`'active'`,
  });
  await appendAll(
    tx.queries,
    replacements.flatMap((replacement) => {
      const entry = changeOf(replacement);
      return entry ? [{ connectionId: replacement.commit.connectionId, entry }] : [];
    }),
  );
}

/** Who claimed meanwhile goes on holding the lease: its exchange is under way, and ends with a spare. */
function leaseAfter(replacement: Replacement) {
  const { before, commit, claim } = replacement;
  const { lease } = before;
  const { owner, lease_until } = claim === null || holds(claim, lease) ? AT_REST : lease;
  const columns = { connection_id: commit.connectionId, due_at: commit.dueAt, owner, lease_until };
  return { ...columns, spent_tokens: spentColumn(spentAfter(before, commit.tokens)), ...sendsAfter(replacement) };
}

/**
 * Which sends of the refresh token are still without an answer. None of a token that has been replaced; but where this answer
 * leaves it as it is, the one that somebody else waits for may replace it yet.
 */
function sendsAfter({ before: { lease, generation, now }, commit: { tokens }, claim }: Replacement) {
  const { answer_owner, answer_until, attempt_at, unanswered } = lease;
  const isReplaced = tokens.rotatedAt === tokens.obtainedAt;
  if (claim === null || isReplaced || lease.attempt_generation !== generation) return NO_SENDS;
  const isOther = (owner: string | null) => owner !== null && owner !== claim.owner;
  const mayAnswer = isOther(answer_owner) && answer_until > now;
  if (!mayAnswer && !isOther(lease.owner)) return NO_SENDS;
  return {
    attempt_generation: tokens.generation,
    attempt_at,
    // This one is answered now, unless a failover had forgotten it.
    unanswered: Math.max(1, unanswered - 1),
    answer_owner: mayAnswer ? answer_owner : null,
    answer_until: mayAnswer ? answer_until : 0,
  };
}

function provenBy(replacement: Replacement) {
  const { before, commit } = replacement;
  const { missingScopes, claims } = lackAfter(replacement);
  return {
    id: commit.connectionId,
    granted_scopes: stringList.write(commit.tokens.scope),
    missing_scopes: stringList.write([...missingScopes]),
    claims,
    status_since: isAsBefore(replacement) ? before.statusSince : before.now,
  };
}

function lackAfter({ before: { lack }, commit: { missingScopes, answeredClaims } }: Replacement): Lack {
  const isAnswered = answeredClaims !== undefined && answeredClaims === lack.claims;
  return { missingScopes: missingScopes ?? lack.missingScopes, claims: isAnswered ? null : lack.claims };
}

function isAsBefore(replacement: Replacement): boolean {
  const { status, lack } = replacement.before;
  return status === "active" && (diagnosisOfLack(lack) === null) === (diagnosisOfLack(lackAfter(replacement)) === null);
}

/** What is told of the connection's condition; null when nothing has changed about it. */
function changeOf(replacement: Replacement): NewHistoryEntry | null {
  const { before, commit } = replacement;
  const { generation } = commit.tokens;
  const after = lackAfter(replacement);
  const diagnosis = diagnosisOfLack(after);
  if (diagnosis === null) return isAsBefore(replacement) ? null : { kind: "recovered", generation, detail: {} };
  if (before.status === "active" && !lacksMore(before.lack, after)) return null;
  return { kind: "degraded", generation, detail: { cause: diagnosis.cause, ...diagnosis.evidence } };
}

export async function writeTokens(tx: Transaction, commits: readonly Commit[]): Promise<void> {
  const rows = commits.map(({ connectionId, tokens }) => ({ connection_id: connectionId, ...tokenColumns(tokens) }));
  await updateFromValues(tx, "token_sets", "connection_id", rows);
  await appendAll(
    tx.queries,
    commits.flatMap(({ connectionId, history }) => history.map((entry) => ({ connectionId, entry }))),
  );
}

/**
 * A spare that is the newest now, that was sent, or that was tried in vain is none any more. Others stay: where a replay is
 * answered, a token that another answer brought lives on beside the chain that is in use.
 */
async function dropSpent({ queries }: Transaction, replacements: readonly Replacement[]): Promise<void> {
  for (const { before, commit } of replacements) {
    if (!before.hasSpares) continue;
    const names = [...spentAfter(before, commit.tokens), commit.tokens.refreshTokenName ?? ""];
    await queries
      .deleteFrom("spare_token_sets")
      .where("connection_id", "=", commit.connectionId)
      .where((where) =>
        where.or([
          where("refresh_token_name", "is", null),
          where("refresh_token_name", "in", names),
          where("tried_at", "is not", null),
        ]),
      )
      .execute();
  }
}

/** A person has consented anew: what the consent before led to is over. */
export async function dropSpares({ queries }: Transaction, { connectionId, tokens }: Commit): Promise<void> {
  await queries
    .deleteFrom("spare_token_sets")
    .where("connection_id", "=", connectionId)
    .where("generation", "<", tokens.generation)
    .execute();
}
