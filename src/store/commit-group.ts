import type { Claim } from "../connection/claim.ts";
import type { Commit, CommitResult } from "../connection/store.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { ClaimedCommit } from "./connection-commits.ts";

interface Waiting extends ClaimedCommit {
  resolve(result: CommitResult): void;
  reject(error: unknown): void;
}

const MOST_AT_ONCE = 64;

/**
 * Commits that come while a transaction is under way share the next one: a database takes many of them for little more than the
 * price of one, and waits for its disk once.
 */
export function createCommitGroup(commitAll: (commits: readonly ClaimedCommit[]) => Promise<CommitResult[]>) {
  let waiting: Waiting[] = [];
  let isRunning = false;

  async function run(): Promise<void> {
    isRunning = true;
    while (waiting.length > 0) await commitBatch(take());
    isRunning = false;
  }

  /** A connection is once in a batch; what follows itself waits for the next. */
  function take(): Waiting[] {
    const batch = new Map<string, Waiting>();
    for (const next of waiting) {
      if (batch.size === MOST_AT_ONCE) break;
      if (!batch.has(next.commit.connectionId)) batch.set(next.commit.connectionId, next);
    }
    const taken = new Set(batch.values());
    waiting = waiting.filter((next) => !taken.has(next));
    return [...taken];
  }

  async function commitBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const results = await commitAll(batch);
      for (const [index, next] of batch.entries()) settle(next, results[index]);
    } catch (error) {
      // One that the database does not take must not take the others with it. When it takes none, neither will it one by one.
      if (batch.length === 1 || isUnavailable(error)) for (const next of batch) next.reject(error);
      else for (const next of batch) await commitBatch([next]);
    }
  }

  return (commit: Commit, claim: Claim): Promise<CommitResult> =>
    new Promise((resolve, reject) => {
      waiting.push({ commit, claim, resolve, reject });
      if (!isRunning) void run();
    });
}

function settle(next: Waiting, result: CommitResult | undefined): void {
  if (result) next.resolve(result);
  else next.reject(new Error("A commit of the batch has no result."));
}

function isUnavailable(error: unknown): boolean {
  return error instanceof ServiceError && error.code === "store_unavailable";
}
