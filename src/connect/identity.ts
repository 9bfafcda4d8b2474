import type { Account } from "../connection/connection.ts";
import { askUserinfo } from "../client/ask-userinfo.ts";
import type { Client } from "../client/client.ts";
import type { DpopProver } from "../client/dpop-prover.ts";
import { readIdToken } from "../oauth/id-token.ts";
import { parseJsonObject } from "../oauth/json-object.ts";
import { valueAt, type ReceivedTokens } from "../oauth/token-response.ts";
import type { Provider } from "../provider/provider.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { ConnectPorts } from "./ports.ts";

/** What it takes to present the tokens that were just received. */
interface Asking extends Pick<ConnectPorts, "transport"> {
  prover: DpopProver;
}

/**
 * Which account the user signed in with; null where the provider does not tell. Throws `authorization_failed` when an ID token
 * does not fit the request, which is how an injected code shows (OIDC Core §3.1.3.7).
 */
export async function identify(
  ports: Asking,
  { provider, client, nonce }: { provider: Provider; client: Client; nonce: string | null },
  tokens: ReceivedTokens,
): Promise<Account | null> {
  const { from } = provider.identity;
  if (from === "id_token" && tokens.idToken) {
    const claims = readIdToken(tokens.idToken, { issuer: provider.issuer, clientId: client.clientId, nonce });
    if (!claims) {
      throw new ServiceError("authorization_failed", "The provider's ID token does not belong to this sign-in.");
    }
    const account = accountOf(provider, claims);
    return account?.label === null ? ((await accountByUserinfo(ports, provider, tokens)) ?? account) : account;
  }
  switch (from) {
    case "none":
      return null;
    case "token_response":
      return accountOf(provider, tokens.answerFields);
    case "id_token":
    case "userinfo":
      return accountByUserinfo(ports, provider, tokens);
  }
}

/** Many ID tokens hold no more than the subject; the name that people know is at the userinfo endpoint (OIDC Core §5.4). */
async function accountByUserinfo(ports: Asking, provider: Provider, tokens: ReceivedTokens): Promise<Account | null> {
  if (provider.userinfo_url === null) return null;
  const result = await askUserinfo(ports, provider.userinfo_url, tokens);
  if (result.kind === "failure" || result.response.status !== 200) return null;
  const claims = parseJsonObject(new TextDecoder().decode(result.response.body));
  return claims && accountOf(provider, claims);
}

function accountOf({ identity }: Provider, claims: Readonly<Record<string, unknown>>): Account | null {
  const parts = [identity.account_field].flat().map((path) => claims[path] ?? valueAt(claims, path));
  const label = claims[identity.label_field] ?? valueAt(claims, identity.label_field);
  if (!parts.every(isIdentifier)) return null;
  return { id: parts.join("."), label: typeof label === "string" ? label.slice(0, 200) : null };
}

function isIdentifier(value: unknown): value is string | number {
  return (typeof value === "string" && value !== "") || typeof value === "number";
}
