import type { Secret } from "../runtime/secret.ts";
import { authenticateClient, type ClientAuthentication } from "./client-authentication.ts";
import type { HttpRequest } from "./http.ts";

/** Access-token request of the refresh grant (RFC 6749 §6). Scope is left out: it then equals what was granted. */
export function refreshRequest(
  tokenUrl: string,
  authentication: ClientAuthentication,
  refreshToken: Secret<string>,
): Promise<HttpRequest> {
  return formRequest(tokenUrl, authentication, {
    grant_type: "refresh_token",
    refresh_token: refreshToken.reveal(),
  });
}

export interface CodeGrant {
  code: Secret<string>;
  redirectUri: string;
  codeVerifier: Secret<string> | null;
}

/** Access-token request of the authorization-code grant (RFC 6749 §4.1.3, RFC 7636 §4.5). */
export function authorizationCodeRequest(
  tokenUrl: string,
  authentication: ClientAuthentication,
  grant: CodeGrant,
): Promise<HttpRequest> {
  return formRequest(tokenUrl, authentication, {
    grant_type: "authorization_code",
    code: grant.code.reveal(),
    redirect_uri: grant.redirectUri,
    ...(grant.codeVerifier && { code_verifier: grant.codeVerifier.reveal() }),
  });
}

/** Revocation of a refresh token, which takes its access tokens along (RFC 7009 §2.1). */
export function revocationRequest(
  revocationUrl: string,
  authentication: ClientAuthentication,
  token: Secret<string>,
  hint: "refresh_token" | "access_token",
): Promise<HttpRequest> {
  return formRequest(revocationUrl, authentication, { token: token.reveal(), token_type_hint: hint });
}

async function formRequest(
  url: string,
  authentication: ClientAuthentication,
  fields: Record<string, string>,
): Promise<HttpRequest> {
  const form = new URLSearchParams(fields);
  const headers = new Headers({
    accept: "application/json",
    "content-type": "application/x-www-form-urlencoded;charset=UTF-8",
  });
  await authenticateClient(authentication, form, headers);
  return { method: "POST", url, headers: Object.fromEntries(headers), body: form.toString() };
}
