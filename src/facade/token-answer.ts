import type { AccessToken } from "../refresh/access-token.ts";
import { SECOND } from "../runtime/clock.ts";
import type { FacadePorts } from "./ports.ts";

/** RFC 6749 §5.1. */
export interface TokenAnswer {
  access_token: string;
  token_type: string;
  /** Whole seconds from now; left out where the provider never said. */
  expires_in?: number;
  scope?: string;
  issued_token_type?: string;
  refresh_token?: string;
}

/** A place where an access token leaves in another protocol's words. */
export function tokenAnswer({ clock }: Pick<FacadePorts, "clock">, token: AccessToken): TokenAnswer {
  const { accessToken, tokenType, expiresAt, scope } = token;
  return {
    access_token: accessToken.reveal(),
    token_type: tokenType,
    ...(expiresAt !== null && { expires_in: Math.max(0, Math.floor((expiresAt - clock.now()) / SECOND)) }),
    ...(scope.length > 0 && { scope: scope.join(" ") }),
  };
}
