import type { Secret } from "../runtime/secret.ts";
import { authenticateClient, type ClientAuthentication } from "./client-authentication.ts";
import type { HttpRequest } from "./http.ts";

/** How a token request looks where a server wants more, or other, than the standard. */
export interface TokenRequestShape {
  /** RFC 6749 says a form. */
  encoding: "form" | "json";
  /** The refresh says `redirect_uri` again. */
  repeatRedirectUri: boolean;
  /** The refresh says the granted scope again. */
  repeatScope: boolean;
  /** More parameters, by the server's own names. */
  parameters: Readonly<Record<string, string>>;
}

const STANDARD: TokenRequestShape = { encoding: "form", repeatRedirectUri: false, repeatScope: false, parameters: {} };

export interface RefreshGrant {
  refreshToken: Secret<string>;
  redirectUri: string;
  /** As granted, in the server's own separation. */
  scope: string;
}

/** Access-token request of the refresh grant (RFC 6749 §6). Scope is left out: it then equals what was granted. */
export function refreshRequest(
  tokenUrl: string,
  authentication: ClientAuthentication,
  grant: RefreshGrant,
  shape: Partial<TokenRequestShape> = {},
): Promise<HttpRequest> {
  const { repeatRedirectUri, repeatScope, parameters, encoding } = { ...STANDARD, ...shape };
  const fields = {
    ...parameters,
    grant_type: "refresh_token",
    refresh_token: grant.refreshToken.reveal(),
    ...(repeatRedirectUri && { redirect_uri: grant.redirectUri }),
    ...(repeatScope && grant.scope !== "" && { scope: grant.scope }),
  };
  return tokenRequest(tokenUrl, authentication, fields, encoding);
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
  shape: Partial<TokenRequestShape> = {},
): Promise<HttpRequest> {
  const { parameters, encoding } = { ...STANDARD, ...shape };
  const fields = {
    ...parameters,
    grant_type: "authorization_code",
    code: grant.code.reveal(),
    redirect_uri: grant.redirectUri,
    ...(grant.codeVerifier && { code_verifier: grant.codeVerifier.reveal() }),
  };
  return tokenRequest(tokenUrl, authentication, fields, encoding);
}

/** Revocation of a refresh token, which takes its access tokens along (RFC 7009 §2.1). */
export function revocationRequest(
  revocationUrl: string,
  authentication: ClientAuthentication,
  token: Secret<string>,
  hint: "refresh_token" | "access_token",
): Promise<HttpRequest> {
  return tokenRequest(revocationUrl, authentication, { token: token.reveal(), token_type_hint: hint }, "form");
}

async function tokenRequest(
  url: string,
  authentication: ClientAuthentication,
  fields: Record<string, string>,
  encoding: TokenRequestShape["encoding"],
): Promise<HttpRequest> {
  const form = new URLSearchParams(fields);
  const headers = new Headers({ accept: "application/json", "content-type": CONTENT_TYPES[encoding] });
  await authenticateClient(authentication, url, form, headers);
  const body = encoding === "json" ? JSON.stringify(Object.fromEntries(form)) : form.toString();
  const request = { method: "POST", url, headers: Object.fromEntries(headers), body } as const;
  return "clientCertificate" in authentication
    ? { ...request, clientCertificate: authentication.clientCertificate }
    : request;
}

const CONTENT_TYPES = {
  form: "application/x-www-form-urlencoded;charset=UTF-8",
  json: "application/json",
} as const;
