import * as oauth from "oauth4webapi";
import type { Secret } from "../runtime/secret.ts";
import type { ClientCertificate } from "./http.ts";

export const AUTHENTICATION_METHODS = [
  "client_secret_basic",
  "client_secret_post",
  "private_key_jwt",
  "tls_client_auth",
  "self_signed_tls_client_auth",
  "none",
] as const;

export type AuthenticationMethod = (typeof AUTHENTICATION_METHODS)[number];

/** How a client proves itself at the token and revocation endpoints (RFC 6749 §2.3, OIDC Core §9, RFC 8705 §2). */
export type ClientAuthentication =
  | { method: "client_secret_basic" | "client_secret_post"; clientId: string; clientSecret: Secret<string> }
  | { method: "private_key_jwt"; clientId: string; assertFor: (endpoint: string) => Promise<Secret<string>> }
  | { method: CertificateMethod; clientId: string; clientCertificate: ClientCertificate }
  | { method: "none"; clientId: string };

export type CertificateMethod = "tls_client_auth" | "self_signed_tls_client_auth";

const JWT_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** Adds the client's proof to a request to `endpoint`: to its form and its headers, in place. */
export async function authenticateClient(
  authentication: ClientAuthentication,
  endpoint: string,
  form: URLSearchParams,
  headers: Headers,
): Promise<void> {
  const server = { issuer: "https://authorization-server.invalid" };
  const add = await clientAuth(authentication, endpoint);
  await add(server, { client_id: authentication.clientId }, form, headers);
}

async function clientAuth(authentication: ClientAuthentication, endpoint: string): Promise<oauth.ClientAuth> {
  switch (authentication.method) {
    case "client_secret_basic":
      return oauth.ClientSecretBasic(authentication.clientSecret.reveal());
    case "client_secret_post":
      return oauth.ClientSecretPost(authentication.clientSecret.reveal());
    case "private_key_jwt":
      return withAssertion(await authentication.assertFor(endpoint));
    case "tls_client_auth":
    case "self_signed_tls_client_auth":
      return oauth.TlsClientAuth();
    case "none":
      return oauth.None();
  }
}

/** RFC 7521 §4.2; `client_id` is said too, for servers that look the client up by it. */
function withAssertion(assertion: Secret<string>): oauth.ClientAuth {
  return (_server, client, form) => {
    form.set("client_id", client.client_id);
    form.set("client_assertion_type", JWT_BEARER);
    form.set("client_assertion", assertion.reveal());
  };
}
