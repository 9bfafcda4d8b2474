import type { ServiceClient } from "../service/service-client.ts";
import type { Output } from "../terminal/output.ts";
import { askAccessToken, type AccessTokenAnswer } from "../token/ask-access-token.ts";
import type { CredentialDescription } from "./credential-description.ts";

export interface CredentialDeps {
  /** Throws `CommandFailure` when the service's address or the key cannot be used. */
  service: () => ServiceClient;
  output: Output;
}

export interface CredentialOptions {
  connection: string;
  username?: string;
  minTtl?: number;
}

/** Hosts that want one user name beside a token, whoever its user is. GitLab takes `oauth2`, GitHub and Gitea any. */
const USERNAMES: Readonly<Record<string, string>> = { "bitbucket.org": "x-token-auth" };

/** Prints what git needs to sign in. On any failure git is told to quit: it would ask for a password that nobody has. */
export async function getCredential(
  { service, output }: CredentialDeps,
  wanted: CredentialDescription,
  { connection, minTtl, username }: CredentialOptions,
): Promise<void> {
  try {
    const token = await askAccessToken(service(), { connectionId: connection, minTtl });
    const name = username ?? USERNAMES[wanted.get("host") ?? ""] ?? wanted.get("username") ?? "oauth2";
    const credential = { username: name, password: token.access_token, ...expiryOf(token) };
    output.result(credential, () => linesOf(credential));
  } catch (error) {
    output.result({ quit: true }, () => linesOf({ quit: "true" }));
    throw error;
  }
}

/** Git from 2.40 on drops a password whose time is over, wherever it keeps it; before, it passes over the line. */
function expiryOf({ expires_at: end }: AccessTokenAnswer) {
  return end === null ? {} : { password_expiry_utc: Math.floor(Date.parse(end) / 1000) };
}

function linesOf(attributes: Readonly<Record<string, string | number>>): string {
  return Object.entries(attributes)
    .map(([name, value]) => `${name}=${value}`)
    .join("\n");
}
