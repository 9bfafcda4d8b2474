import { providerOf } from "../client/provider-of.ts";
import { authorizationRequestUrl } from "../oauth/authorization-request.ts";
import type { Provider } from "../provider/provider.ts";
import { randomToken } from "../runtime/random.ts";
import { sameSecret } from "../runtime/same-secret.ts";
import { secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { isElsewhere } from "./arrival-address.ts";
import type { AuthorizationAttempt, ConnectSession } from "./connect-session.ts";
import type { ConnectPorts } from "./ports.ts";
import { redirectUri } from "../client/redirect-uri.ts";
import { sha256 } from "./start.ts";

export interface Departure {
  authorizationUrl: string;
  /** Tells this attempt from others of the same browser. */
  tag: string;
  /** For a cookie: whoever comes back must be the one who left (BCP 240 §4.7). */
  browserToken: string;
  /** Where that browser will come back to. */
  redirectUri: string;
}

/**
 * The user opened a connect URL, at this host: makes the authorization request. Opening it again before coming back starts over. The
 * cookie is for the host at which it is opened, so that has to be the one to come back to.
 */
export async function beginAuthorization(ports: ConnectPorts, token: string, host: string): Promise<Departure> {
  const [id = "", link = ""] = token.split(".", 2);
  const session = await ports.sessions.find(id);
  if (!session || !sameSecret(sha256(link), session.linkHash)) {
    throw new ServiceError("not_found", "This link is not known. Ask for a new one where you got it.");
  }
  if (session.expiresAt <= ports.clock.now()) throw expired();
  return depart(ports, session, host);
}

async function depart(ports: ConnectPorts, session: ConnectSession, host: string): Promise<Departure> {
  const client = await ports.clients.find(session.clientId);
  const provider = client && (await providerOf(ports.catalogue, client));
  if (!provider) throw new ServiceError("unknown_provider", "The provider of this link is no longer defined.");
  const comeBackTo = redirectUri(ports.publicUrl, client);
  if (await isElsewhere(ports, host, comeBackTo)) {
    throw new ServiceError("not_found", "This link is not for this address. Open it exactly as you were given it.");
  }
  const state = randomToken(ports.random);
  const browserToken = randomToken(ports.random);
  const nonce = randomToken(ports.random);
  const codeVerifier = provider.pkce === "S256" ? secret(randomToken(ports.random)) : null;
  const sealedCodeVerifier = codeVerifier && (await ports.sealer.seal(verifierAddress(session), codeVerifier));
  const attempt = {
    stateHash: sha256(state),
    browserHash: sha256(browserToken),
    nonce,
    redirectUri: comeBackTo,
    sealedCodeVerifier,
  };
  if (!(await ports.sessions.start(session.id, attempt))) {
    throw new ServiceError("conflict", "This link has already been used. Ask for a new one if you still need it.");
  }
  const hint = await loginHint(ports, session, provider);
  const authorizationUrl = authorizationRequestUrl({
    authorizationUrl: provider.authorization_url,
    clientId: client.clientId,
    redirectUri: comeBackTo,
    scope: session.scopes.join(provider.scope_separator),
    state,
    nonce: session.scopes.includes("openid") ? nonce : null,
    codeVerifier,
    loginHint: hint["login_hint"] ?? null,
    parameters: { ...session.parameters, ...hint },
  });
  ports.observer.event("connect.started", { sessionId: session.id, clientId: client.id });
  return { authorizationUrl, tag: attemptTag(state), browserToken, redirectUri: comeBackTo };
}

/** Names an attempt by its `state` without telling it. */
export function attemptTag(state: string): string {
  return tagOf({ stateHash: sha256(state) });
}

export function tagOf({ stateHash }: Pick<AuthorizationAttempt, "stateHash">): string {
  return stateHash.slice(0, 12);
}

/** On a reauthorization, the account that has to come back. */
async function loginHint(
  ports: ConnectPorts,
  { connectionId, switchEpoch }: ConnectSession,
  { reauthorization }: Provider,
): Promise<Record<string, string>> {
  const name = reauthorization.hint_parameter;
  if (connectionId === null || switchEpoch !== null || name === null) return {};
  const label = (await ports.connections.snapshot(connectionId))?.connection.account?.label;
  return typeof label === "string" ? { [name]: label } : {};
}

export function verifierAddress({ tenantId, id }: ConnectSession) {
  return { tenantId, recordId: id, field: "code_verifier" as const, generation: 0 };
}

export function expired(): ServiceError {
  return new ServiceError("connect_session_expired", "This link has expired. Ask for a new one where you got it.");
}
