import type { Secret } from "../runtime/secret.ts";
import { isBound } from "./dpop-proof.ts";
import type { HttpRequest } from "./http.ts";

/** An access token, and how it is presented. */
export interface PresentedToken {
  accessToken: Secret<string>;
  tokenType: string;
}

/** UserInfo request (OIDC Core §5.3.1), with a bearer token (RFC 6750 §2.1) or with one that is bound to a key (RFC 9449 §7.1). */
export function userinfoRequest(url: string, { accessToken, tokenType }: PresentedToken): HttpRequest {
  const scheme = isBound(tokenType) ? "DPoP" : "Bearer";
  return {
    method: "GET",
    url,
    headers: { accept: "application/json", authorization: `${scheme} ${accessToken.reveal()}` },
  };
}
