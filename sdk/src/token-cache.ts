import type { AccessToken } from "./access-token.ts";
import { reusableUntil } from "./reusable-until.ts";

/** The newest token of one connection. */
export interface TokenCache {
  /** The token, while enough of its life is left. */
  reusable(): AccessToken | undefined;
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
  readonly until: number;
}

export function createTokenCache(): TokenCache {
  let kept: Kept | undefined;
  const hasNewerThan = (generation: number) => kept !== undefined && kept.token.generation > generation;
  return {
    reusable: () => (kept !== undefined && Date.now() < kept.until ? kept.token : undefined),
    living: () => (kept !== undefined && Date.now() < endOf(kept) ? kept.token : undefined),
    keep(token) {
      if (!hasNewerThan(token.generation)) kept = { token, until: reusableUntil(token.expiresAt, Date.now()) };
      return token;
    },
    hasNewerThan,
    drop(generation) {
      if (!hasNewerThan(generation)) kept = undefined;
    },
  };
}

function endOf({ token, until }: Kept): number {
  return token.expiresAt?.getTime() ?? until;
}
