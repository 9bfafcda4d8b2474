import type { AccessToken } from "./access-token.ts";
import { reusableUntil } from "./reusable-until.ts";

/** The newest token of one connection. */
export interface TokenCache {
  /** The token, while enough of its life is left for a caller who wants it to live `minTtl` seconds. */
  reusable(minTtl: number): AccessToken | undefined;
  /** The token, while any of its life is left. */
  living(): AccessToken | undefined;
  /** Keeps the token, unless an answer that was overtaken brings an older one. */
  keep(token: AccessToken): AccessToken;
  hasNewerThan(generation: number): boolean;
  /** Forgets a refused token, so that nobody sends it again. */
  drop(generation: number): void;
}

interface Kept {
  readonly token: AccessToken;
  readonly receivedAt: number;
}

export function createTokenCache(): TokenCache {
  let kept: Kept | undefined;
  const hasNewerThan = (generation: number) => kept !== undefined && kept.token.generation > generation;
  /** The token, while it may be sent by who wants it to live so long. */
  const wanted = (minTtl: number) => {
    if (kept === undefined) return undefined;
    const { token, receivedAt } = kept;
    return Date.now() < reusableUntil(token.expiresAt, receivedAt, minTtl * 1000) ? token : undefined;
  };
  return {
    reusable: wanted,
    living: () => wanted(0),
    keep(token) {
      if (!hasNewerThan(token.generation)) kept = { token, receivedAt: Date.now() };
      return token;
    },
    hasNewerThan,
    drop(generation) {
      if (!hasNewerThan(generation)) kept = undefined;
    },
  };
}
