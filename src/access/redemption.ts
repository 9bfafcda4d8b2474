import type { Clock } from "../runtime/clock.ts";
import type { Secret } from "../runtime/secret.ts";
import type { Admission } from "./admission.ts";
import { hashKey, isUsable, sameHash } from "./api-key.ts";
import { reaches, type Caller } from "./authenticator.ts";
import type { KeyUses } from "./key-uses.ts";
import {
  readVirtualRefreshTokenId,
  type VirtualRefreshToken,
  type VirtualRefreshTokenStore,
} from "./virtual-refresh-token.ts";

/** A virtual refresh token as it was shown, by whom and from where. */
export interface Shown {
  text: string;
  caller: Caller;
  from: string | null;
}

/**
 * Which virtual refresh token is shown. Null, whatever the reason: it is unknown, wrong, revoked, expired, another tenant's, or of a
 * connection that the caller does not reach. Throws `rate_limited` where too many were refused already.
 */
export type Redeem = (shown: Shown) => Promise<VirtualRefreshToken | null>;

export interface RedemptionDeps {
  virtualRefreshTokens: Pick<VirtualRefreshTokenStore, "find">;
  admission: Pick<Admission, "guess">;
  uses: Pick<KeyUses, "note">;
  pepper: Secret<Uint8Array>;
  clock: Clock;
}

const MOST_KNOWN = 10_000;

/** It is looked up each time. One that was good the last time is no guess: whoever guesses at the same address locks nobody out. */
export function createRedemption(deps: RedemptionDeps): Redeem {
  const known = new Set<string>();
  return async (shown) => {
    const { text, from } = shown;
    const token = await (known.has(text) ? lookUp(deps, shown) : deps.admission.guess(from, () => lookUp(deps, shown)));
    if (!token) {
      known.delete(text);
      return null;
    }
    if (known.size >= MOST_KNOWN) known.clear();
    known.add(text);
    deps.uses.note(token.id, from);
    return token;
  };
}

async function lookUp(
  { virtualRefreshTokens, pepper, clock }: RedemptionDeps,
  { text, caller }: Shown,
): Promise<VirtualRefreshToken | null> {
  const id = readVirtualRefreshTokenId(text);
  const token = id === null ? null : await virtualRefreshTokens.find(id);
  if (!token || !sameHash(token.hash, hashKey(pepper, text)) || !isUsable(token, clock.now())) return null;
  return token.tenantId === caller.tenantId && reaches(caller, token.connectionId) ? token : null;
}
