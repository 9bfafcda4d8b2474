import { createHash } from "node:crypto";
import type { Secret } from "../runtime/secret.ts";

export interface AuthorizationRequest {
  authorizationUrl: string;
  clientId: string;
  redirectUri: string;
  scope: string;
  state: string;
  nonce: string | null;
  codeVerifier: Secret<string> | null;
  loginHint: string | null;
  /** The provider's and the client's own parameters; they cannot replace one that the protocol needs. */
  parameters: Readonly<Record<string, string>>;
}

/** The URL that the user agent is sent to (RFC 6749 §4.1.1, PKCE S256 by RFC 7636 §4.3, nonce by OIDC Core §3.1.2.1). */
export function authorizationRequestUrl(request: AuthorizationRequest): string {
  const url = new URL(request.authorizationUrl);
  const fields: Record<string, string | null> = {
    ...request.parameters,
    response_type: "code",
    client_id: request.clientId,
    redirect_uri: request.redirectUri,
    scope: request.scope === "" ? null : request.scope,
    state: request.state,
    nonce: request.nonce,
    login_hint: request.loginHint,
    code_challenge: request.codeVerifier && codeChallenge(request.codeVerifier),
    code_challenge_method: request.codeVerifier && "S256",
  };
  for (const [name, value] of Object.entries(fields)) {
    if (value !== null) url.searchParams.set(name, value);
  }
  return url.href;
}

/** RFC 7636 §4.2. */
export function codeChallenge(codeVerifier: Secret<string>): string {
  return createHash("sha256").update(codeVerifier.reveal()).digest("base64url");
}
