import { createHash } from "node:crypto";
import type { TokenRecord } from "../connection/token-record.ts";
import type { LockedTokens } from "./locked-tokens.ts";

/** Beyond this nobody comes late any more. */
const REMEMBERED = 8;

const SEPARATOR = " ";

/** The refresh tokens that were the newest once, when the stored one is too: what `refresh_leases.spent_tokens` says then. */
export function spentAfter({ lease, refreshToken }: Pick<LockedTokens, "lease" | "refreshToken">): string {
  const before = namesOf(lease.spent_tokens);
  const names = refreshToken === null ? before : [nameOf(refreshToken), ...before];
  return names.slice(0, REMEMBERED).join(SEPARATOR);
}

/** Somebody has stored this token set, and another has gone on from there, while whoever received it was out of reach. */
export function isSpent({ lease }: Pick<LockedTokens, "lease">, { sealedRefreshToken }: TokenRecord): boolean {
  return sealedRefreshToken !== null && namesOf(lease.spent_tokens).includes(nameOf(sealedRefreshToken));
}

function namesOf(column: string): string[] {
  return column === "" ? [] : column.split(SEPARATOR);
}

/** Each sealing has a salt of its own, so its digest names it. */
function nameOf(sealed: Uint8Array): string {
  return createHash("sha256").update(sealed).digest("base64url").slice(0, 16);
}
