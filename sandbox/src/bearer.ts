import type { IncomingMessage, ServerResponse } from "node:http";
import type OidcProvider from "oidc-provider";
import { answerError } from "./answer.ts";

export interface Bearer {
  user: string;
  scopes: Set<string>;
}

/** Who an API request is for, or null when its access token is no good; the 401 is then already answered (RFC 6750 §3). */
export async function requireBearer(
  provider: OidcProvider,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<Bearer | null> {
  const presented = /^bearer +([\w.~+/=-]+)$/i.exec(req.headers.authorization ?? "")?.[1];
  if (presented === undefined) {
    // RFC 6750 §3.1: no error code for a request that did not try.
    res.setHeader("www-authenticate", 'Bearer realm="sandbox"');
    answerError(res, 401, "invalid_request", "an access token is needed: Authorization: Bearer");
    return null;
  }
  const bearer = await findBearer(provider, presented);
  if (bearer === null) {
    res.setHeader("www-authenticate", 'Bearer realm="sandbox", error="invalid_token"');
    answerError(res, 401, "invalid_token", "the access token is expired, revoked or unknown");
  }
  return bearer;
}

/** Whether the token carries the scope; answers 403 when it does not (RFC 6750 §3.1). */
export function requireScope(bearer: Bearer, scope: string, res: ServerResponse): boolean {
  if (bearer.scopes.has(scope)) return true;
  res.setHeader("www-authenticate", `Bearer realm="sandbox", error="insufficient_scope", scope="${scope}"`);
  answerError(res, 403, "insufficient_scope", `the access token lacks the scope ${scope}`);
  return false;
}

/** The grant is looked up too: a token issued while its grant was being revoked is as dead as the others. */
async function findBearer(provider: OidcProvider, presented: string): Promise<Bearer | null> {
  const token = await provider.AccessToken.find(presented);
  if (token?.grantId === undefined) return null;
  const grant = await provider.Grant.find(token.grantId);
  return grant ? { user: token.accountId, scopes: token.scopes } : null;
}
