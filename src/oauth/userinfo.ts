import type { Secret } from "../runtime/secret.ts";
import type { HttpRequest } from "./http.ts";

/** UserInfo request (OIDC Core §5.3.1), with the access token as a bearer token (RFC 6750 §2.1). */
export function userinfoRequest(url: string, accessToken: Secret<string>): HttpRequest {
  return {
    method: "GET",
    url,
    headers: { accept: "application/json", authorization: `Bearer ${accessToken.reveal()}` },
  };
}
