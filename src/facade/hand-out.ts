import { reaches, type Caller } from "../access/authenticator.ts";
import type { AccessToken } from "../refresh/access-token.ts";
import { MINUTE } from "../runtime/clock.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { FacadePorts } from "./ports.ts";

/** The borrowed protocols have no word for how much life a token should have left, so it is what the API's default is. */
const MIN_TTL = MINUTE;

/** An access token for whoever calls. Throws as `AccessTokens.read`, and `not_found` for what the caller does not reach. */
export async function handOut(
  { accessTokens, handedOut }: Pick<FacadePorts, "accessTokens" | "handedOut">,
  caller: Caller,
  connectionId: string,
): Promise<AccessToken> {
  if (!reaches(caller, connectionId)) throw new ServiceError("not_found", "There is no such connection.");
  const token = await accessTokens.read({ tenantId: caller.tenantId, connectionId, minTtlMs: MIN_TTL });
  handedOut.count(caller.keyId, connectionId);
  return token;
}
