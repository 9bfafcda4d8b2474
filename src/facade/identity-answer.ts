import type { AccessToken } from "../refresh/access-token.ts";
import { MINUTE, SECOND } from "../runtime/clock.ts";
import type { FacadePorts } from "./ports.ts";

/** As App Service answers, version 2019-08-01. */
export interface IdentityAnswer {
  access_token: string;
  token_type: string;
  /** Seconds since 1970. */
  expires_on: string;
  resource: string;
  client_id: string;
}

/** A place where an access token leaves. The protocol wants an end: where the provider never said one, it is asked again soon. */
export function identityAnswer(
  { clock }: Pick<FacadePorts, "clock">,
  token: AccessToken,
  resource: string,
): IdentityAnswer {
  const expiresAt = token.expiresAt ?? clock.now() + MINUTE;
  return {
    access_token: token.accessToken.reveal(),
    token_type: token.tokenType,
    expires_on: String(Math.floor(expiresAt / SECOND)),
    resource,
    client_id: token.connectionId,
  };
}
