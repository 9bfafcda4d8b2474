import type { IncomingHttpHeaders } from "node:http";
import type { TokenEndpointAuthMethod } from "./client-table.ts";
import type { GrantKind } from "./sandbox-event.ts";

/** What a request to the token or revocation endpoint claims to be, before anybody has checked it. */
export interface ClientRequest {
  grant: GrantKind;
  /** The code or the refresh token. */
  presented: string | null;
  clientId: string | null;
  credentials: TokenEndpointAuthMethod;
}

export function readClientRequest(headers: IncomingHttpHeaders, body: Buffer): ClientRequest {
  const form = new URLSearchParams(body.toString());
  const grant = grantKind(form.get("grant_type"));
  const basic = headers.authorization === undefined ? null : basicClientId(headers.authorization);
  return {
    grant,
    presented: form.get(grant === "authorization_code" ? "code" : "refresh_token"),
    clientId: basic ?? form.get("client_id"),
    credentials: basic !== null ? "client_secret_basic" : credentialsIn(form),
  };
}

function credentialsIn(form: URLSearchParams): TokenEndpointAuthMethod {
  if (form.has("client_secret")) return "client_secret_post";
  return form.has("client_assertion") ? "private_key_jwt" : "none";
}

function grantKind(grantType: string | null): GrantKind {
  return grantType === "authorization_code" || grantType === "refresh_token" ? grantType : "other";
}

/** RFC 6749 §2.3.1: id and secret are form-encoded before they go into HTTP Basic. */
function basicClientId(authorization: string): string | null {
  const [scheme, encoded = ""] = authorization.split(" ");
  const [id] = Buffer.from(encoded, "base64").toString().split(":");
  if (scheme?.toLowerCase() !== "basic" || !id) return null;
  return new URLSearchParams(`id=${id}`).get("id");
}
