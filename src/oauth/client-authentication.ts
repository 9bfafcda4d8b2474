import * as oauth from "oauth4webapi";
import type { Secret } from "../runtime/secret.ts";

export const AUTHENTICATION_METHODS = ["client_secret_basic", "client_secret_post", "none"] as const;

export type AuthenticationMethod = (typeof AUTHENTICATION_METHODS)[number];

/** How a client proves itself at the token and revocation endpoints (RFC 6749 §2.3). */
export type ClientAuthentication =
  | { method: "client_secret_basic" | "client_secret_post"; clientId: string; clientSecret: Secret<string> }
  | { method: "none"; clientId: string };

/** Adds the client's proof to a form and its headers, in place. */
export async function authenticateClient(
  authentication: ClientAuthentication,
  form: URLSearchParams,
  headers: Headers,
): Promise<void> {
  const server = { issuer: "https://authorization-server.invalid" };
  await clientAuth(authentication)(server, { client_id: authentication.clientId }, form, headers);
}

function clientAuth(authentication: ClientAuthentication): oauth.ClientAuth {
  switch (authentication.method) {
    case "client_secret_basic":
      return oauth.ClientSecretBasic(authentication.clientSecret.reveal());
    case "client_secret_post":
      return oauth.ClientSecretPost(authentication.clientSecret.reveal());
    case "none":
      return oauth.None();
  }
}
