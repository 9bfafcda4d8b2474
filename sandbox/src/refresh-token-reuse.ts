import type { Reuse } from "./behaviour.ts";
import { errors } from "./oidc-provider-library.ts";

/** A refresh token as oidc-provider read it; `consumed` is the second of its first use, if any. */
interface PresentedRefreshToken {
  consumed: unknown;
}

/**
 * Applies `reuse` to a refresh token that has been used before. oidc-provider looks at `consumed` right after this
 * and then revokes the whole grant, so this lets it, refuses first, or makes the token look unused.
 */
export function applyReuse(token: PresentedRefreshToken, reuse: Reuse): void {
  switch (reuse.kind) {
    case "revoke_family":
      return;
    case "error":
      throw new errors.InvalidGrant("refresh token already used");
    case "accept":
      if (Date.now() / 1000 - Number(token.consumed) >= reuse.seconds) {
        throw new errors.InvalidGrant("refresh token already used");
      }
      token.consumed = undefined;
  }
}
