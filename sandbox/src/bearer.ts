import type { IncomingMessage, ServerResponse } from "node:http";
import type OidcProvider from "oidc-provider";
import { answerError } from "./answer.ts";
import type { BoundToken, CheckProof } from "./dpop-proof.ts";

export interface Bearer {
  user: string;
  scopes: Set<string>;
}

interface Deps {
  provider: OidcProvider;
  checkProof: CheckProof;
}

/**
 * Who an API request is for, or null when its access token is no good; the 401 is then already answered (RFC 6750 §3). One that is
 * bound to a key needs a proof of that, and is no bearer token (RFC 9449 §7.2).
 */
export async function requireBearer(
  { provider, checkProof }: Deps,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<Bearer | null> {
  const [, scheme, presented] = /^(bearer|dpop) +([\w.~+/=-]+)$/i.exec(req.headers.authorization ?? "") ?? [];
  if (scheme === undefined || presented === undefined) {
    // RFC 6750 §3.1: no error code for a request that did not try.
    res.setHeader("www-authenticate", 'Bearer realm="sandbox"');
    answerError(res, 401, "invalid_request", "an access token is needed: Authorization: Bearer");
    return null;
  }
  const found = await findBearer(provider, presented);
  if (found === null || (found.bound !== null) !== (scheme.toLowerCase() === "dpop")) {
    return refuse(res, scheme, {
      error: "invalid_token",
      description: "the access token is expired, revoked or unknown",
    });
  }
  const problem = found.bound && (await checkProof(req, found.bound));
  if (!problem) return found.bearer;
  if (problem.nonce !== null) res.setHeader("dpop-nonce", problem.nonce);
  return refuse(res, scheme, problem);
}

function refuse(
  res: ServerResponse,
  scheme: string,
  { error, description }: { error: string; description: string },
): null {
  const name = scheme.toLowerCase() === "dpop" ? "DPoP" : "Bearer";
  res.setHeader("www-authenticate", `${name} realm="sandbox", error="${error}"`);
  answerError(res, 401, error, description);
  return null;
}

/** Whether the token carries the scope; answers 403 when it does not (RFC 6750 §3.1). */
export function requireScope(bearer: Bearer, scope: string, res: ServerResponse): boolean {
  if (bearer.scopes.has(scope)) return true;
  res.setHeader("www-authenticate", `Bearer realm="sandbox", error="insufficient_scope", scope="${scope}"`);
  answerError(res, 403, "insufficient_scope", `the access token lacks the scope ${scope}`);
  return false;
}

/** The grant is looked up too: a token issued while its grant was being revoked is as dead as the others. */
async function findBearer(
  provider: OidcProvider,
  presented: string,
): Promise<{ bearer: Bearer; bound: BoundToken | null } | null> {
  const token = await provider.AccessToken.find(presented);
  if (token?.grantId === undefined) return null;
  const grant = await provider.Grant.find(token.grantId);
  if (!grant) return null;
  const { jkt, clientId = "" } = token;
  const bearer = { user: token.accountId, scopes: token.scopes };
  return { bearer, bound: jkt === undefined ? null : { text: presented, clientId, jkt } };
}
