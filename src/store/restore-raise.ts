import type { Commit } from "../connection/store.ts";
import { lockTokens } from "./locked-tokens.ts";
import { replaceTokens } from "./replace-tokens.ts";
import { eraOf, isNewer } from "./restore-eras.ts";
import type { Transaction } from "./transaction.ts";

/** `ConnectionStore.recover` for many connections, each at most once. Returns those whose token set was replaced. */
export async function raise(tx: Transaction, commits: readonly Commit[]): Promise<string[]> {
  if (commits.length === 0) return [];
  const era = await eraOf(tx.queries);
  const ids = commits.map(({ connectionId }) => connectionId);
  const locked = await lockTokens(tx, ids);
  const replacements = commits.flatMap((commit) => {
    const before = locked.get(commit.connectionId);
    return before && isNewer(before, commit.tokens, era) ? [{ before, commit, claim: null }] : [];
  });
  await replaceTokens(tx, replacements);
  return replacements.map(({ commit }) => commit.connectionId);
}
