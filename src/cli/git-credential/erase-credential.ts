import { sameSecret } from "../../runtime/same-secret.ts";
import { askAccessToken, reportRejected } from "../token/ask-access-token.ts";
import type { CredentialDescription } from "./credential-description.ts";
import type { CredentialDeps, CredentialOptions } from "./get-credential.ts";

/** What git does not say, and what made it erase a password. */
const UNAUTHORIZED = 401;

/**
 * Reports a password that git was refused with, if it is the token that there still is: git tells every helper of it, also of
 * passwords that came from elsewhere.
 */
export async function eraseCredential(
  { service: open }: CredentialDeps,
  refused: CredentialDescription,
  { connection }: CredentialOptions,
): Promise<void> {
  const password = refused.get("password");
  if (password === undefined) return;
  const service = open();
  const token = await askAccessToken(service, { connectionId: connection, minTtl: 0 });
  if (!sameSecret(password, token.access_token)) return;
  await reportRejected(service, connection, { generation: token.generation, status: UNAUTHORIZED });
}
