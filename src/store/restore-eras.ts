import type { TokenRecord } from "../connection/token-record.ts";
import type { Queries } from "./database.ts";
import { isOlder, type LockedTokens } from "./locked-tokens.ts";

/** When the database last became another one; null: it did not. */
export interface Era {
  restoredAt: number | null;
  clonedAt: number | null;
}

export async function eraOf(queries: Queries): Promise<Era> {
  const row = await queries.selectFrom("installation").select(["restored_at", "cloned_at"]).executeTakeFirst();
  return { restoredAt: row?.restored_at ?? null, clonedAt: row?.cloned_at ?? null };
}

/** Whether a journaled token set is to replace the one that is stored. */
export function isNewer(stored: LockedTokens, tokens: TokenRecord, era: Era): boolean {
  return isOlder(stored, tokens) && !hasGoneOnSince(stored, tokens, era) && !isTheOriginals(tokens, era);
}

/**
 * Whether it is from before a restore, and the connection has gone on from the backup since. What it has now works; the journaled
 * one may not any more, whatever its generation.
 */
function hasGoneOnSince(stored: LockedTokens, { obtainedAt }: TokenRecord, { restoredAt }: Era): boolean {
  return restoredAt !== null && obtainedAt < restoredAt && stored.obtainedAt >= restoredAt;
}

/** Whether it is from before this database was made as a clone: then it is the original's, which goes on using it. */
export function isTheOriginals({ obtainedAt }: TokenRecord, { clonedAt }: Era): boolean {
  return clonedAt !== null && obtainedAt < clonedAt;
}
