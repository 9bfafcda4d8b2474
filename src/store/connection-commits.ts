import { isLive, type ConnectionStatus } from "../connection/connection.ts";
import { diagnosisOfLack } from "../connection/lack.ts";
import type { Claim } from "../connection/claim.ts";
import type { Commit, CommitResult, Consent, Spare } from "../connection/store.ts";
import { consentColumns, updateConnection } from "./connection-writes.ts";
import { follows, isOlder, isSame, lockTokens, type LockedTokens } from "./locked-tokens.ts";
import { egNow } from "./now.ts";
import { dropSpares, replaceTokens, writeTokens } from "./replace-tokens.ts";
import { eraOf, isNewer } from "./restore-eras.ts";
import { AT_REST, updateLease, WELL, type Transaction } from "./transaction.ts";

/** A commit with the claim under which its token set was fetched. */
export interface ClaimedCommit {
  commit: Commit;
  claim: Claim;
}

const SUPERSEDED = { kind: "superseded" } as const;

/** Each connection at most once. */
export async function commitAll(tx: Transaction, commits: readonly ClaimedCommit[]): Promise<CommitResult[]> {
  const locked = await lockTokens(
    tx,
    commits.map(({ commit }) => commit.connectionId),
  );
  const decided = commits.map(({ commit, claim }) => {
    const before = locked.get(commit.connectionId);
    return { before, commit, claim, replaces: before !== undefined && isOlder(before, commit.tokens) };
  });
  const replacements = decided.flatMap(({ before, commit, claim, replaces }) =>
    before && replaces ? [{ before, commit, claim }] : [],
  );
  await replaceTokens(tx, replacements);
  return decided.map(({ before, commit, replaces }) => resultOf(before, commit, replaces));
}

function resultOf(before: LockedTokens | undefined, { tokens }: Commit, replaces: boolean): CommitResult {
  return before && (replaces || isSame(before, tokens)) ? { kind: "committed", was: conditionOf(before) } : SUPERSEDED;
}

/** The status that `connectionOf` shows, whatever the client's. */
function conditionOf({ status, lack }: LockedTokens): ConnectionStatus {
  return status === "active" && diagnosisOfLack(lack) !== null ? "degraded" : status;
}

export async function recover(tx: Transaction, commit: Commit): Promise<CommitResult> {
  const before = (await lockTokens(tx, [commit.connectionId])).get(commit.connectionId);
  const replaces = before !== undefined && isNewer(before, commit.tokens, await eraOf(tx.queries));
  if (replaces) await replaceTokens(tx, [{ before, commit, claim: null }]);
  return resultOf(before, commit, replaces);
}

/** Nothing is proven by it yet, so nothing but the tokens changes. */
export async function promote(tx: Transaction, spare: Spare, commit: Commit): Promise<CommitResult> {
  const before = (await lockTokens(tx, [commit.connectionId])).get(commit.connectionId);
  if (!before || !follows(before, commit.tokens)) return resultOf(before, commit, false);
  await setAsideTried(tx, commit.connectionId);
  await writeTokens(tx, [commit]);
  await updateLease(tx, commit.connectionId)
    .set({ ...AT_REST, due_at: isLive(before.status) ? commit.dueAt : null })
    .execute();
  await tx.queries.deleteFrom("spare_token_sets").where("id", "=", spare.id).execute();
  return { kind: "committed", was: before.status };
}

async function setAsideTried({ queries }: Transaction, connectionId: string): Promise<void> {
  const current = await queries
    .selectFrom("token_sets")
    .selectAll()
    .where("connection_id", "=", connectionId)
    .executeTakeFirstOrThrow();
  await queries
    .insertInto("spare_token_sets")
    .values({ ...current, set_aside_at: egNow, tried_at: egNow })
    .execute();
}

export async function reauthorize(tx: Transaction, commit: Commit, consent: Consent): Promise<CommitResult> {
  const before = (await lockTokens(tx, [commit.connectionId])).get(commit.connectionId);
  if (!before) return SUPERSEDED;
  if (isSame(before, commit.tokens)) return { kind: "committed", was: before.status };
  if (before.generation !== commit.tokens.generation - 1) return SUPERSEDED;
  await writeTokens(tx, [commit]);
  await dropSpares(tx, commit);
  await updateLease(tx, commit.connectionId)
    .set({ ...WELL, last_rejected_at: null, due_at: commit.dueAt, consented_generation: commit.tokens.generation })
    .set({ client_id: consent.clientId })
    .execute();
  await updateConnection(tx.queries, commit.connectionId)
    .set({ status_since: egNow, ...consentColumns(consent) })
    .execute();
  return { kind: "committed", was: before.status };
}
