import { REMEMBERED_GENERATIONS } from "../connection/store.ts";
import type { TokenRecord } from "../connection/token-record.ts";
import type { LockedTokens } from "./locked-tokens.ts";

const SEPARATOR = " ";

type Stored = Pick<LockedTokens, "lease" | "generation" | "refreshTokenName">;

/** Names of the refresh tokens that were the newest once, when `next` is: what `refresh_leases.spent_tokens` says then. */
export function spentAfter({ lease, refreshTokenName }: Stored, next: TokenRecord): string[] {
  const before = namesOf(lease.spent_tokens);
  const names = refreshTokenName === null ? before : [refreshTokenName, ...before];
  return [...new Set(names)].filter((name) => name !== next.refreshTokenName).slice(0, REMEMBERED_GENERATIONS);
}

export function spentColumn(names: readonly string[]): string {
  return names.join(SEPARATOR);
}

/**
 * Could it be the newest, or have been that once? Then somebody has stored it while whoever received it was out of reach, and
 * it is, or was, used.
 */
export function mayBeSpent(
  { lease, generation, refreshTokenName }: Stored,
  { generation: late, refreshTokenName: name }: TokenRecord,
): boolean {
  if (generation - late >= REMEMBERED_GENERATIONS) return true;
  return name !== null && [refreshTokenName, ...namesOf(lease.spent_tokens)].includes(name);
}

function namesOf(column: string): string[] {
  return column === "" ? [] : column.split(SEPARATOR);
}
