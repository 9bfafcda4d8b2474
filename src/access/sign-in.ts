import { authorizationRequestUrl } from "../oauth/authorization-request.ts";
import { readAuthorizationResponse } from "../oauth/authorization-response.ts";
import type { ServerMetadata } from "../oauth/metadata.ts";
import type { Observer } from "../runtime/observer.ts";
import type { Random } from "../runtime/random.ts";
import { sameSecret } from "../runtime/same-secret.ts";
import type { Secret } from "../runtime/secret.ts";
import { codeOf, ServiceError } from "../runtime/service-error.ts";
import type { Act } from "./audit.ts";
import { roleOf, type Role } from "./operator.ts";
import { type OpenedSession, type OperatorSessions, type OperatorSessionStore } from "./operator-session.ts";
import { createAttempt, readAttempt, type SignInAttempt } from "./sign-in-attempt.ts";
import { asksForGroups, identifyOperator, type IdentifiedOperator, type IdentityPorts } from "./sign-in-identity.ts";
import { DEFAULT_TENANT } from "./store.ts";

/** Attempts that came back. Before that, nothing is stored of them. */
export interface OperatorSignInStore {
  /** False when it was used before. */
  use(id: string): Promise<boolean>;
  /** Notes that whoever came back is not let in. */
  refuse(id: string): Promise<void>;
}

export interface SignInDeparture {
  authorizationUrl: string;
  state: string;
  /** For a cookie: whoever comes back must be the one who left (RFC 9700 §4.7). */
  browserToken: string;
}

export interface SignInArrival {
  parameters: URLSearchParams;
  /** From the cookie that was set at the departure with this state; null when the browser has none. */
  browserToken: string | null;
  from: string | null;
}

/** Signs people in as operators at an OpenID provider (OIDC Core §3.1). */
export interface OperatorSignIn {
  /** Throws `provider_unavailable` and `discovery_failed`. */
  begin(): Promise<SignInDeparture>;
  /**
   * Opens a session for the person who came back, if the settings let that person in. An attempt counts once, in the browser that
   * left with it. Throws `state_invalid`, `access_denied`, `authorization_failed`, `code_exchange_failed`, `provider_unavailable`,
   * `discovery_failed`, and `forbidden` for a person who is not let in.
   */
  finish(arrival: SignInArrival): Promise<OpenedSession>;
}

export interface SignInPorts extends IdentityPorts {
  random: Random;
  observer: Observer;
  /** What an attempt is derived with. */
  sessionKey: Secret<Uint8Array>;
  redirectUri: string;
  signIns: OperatorSignInStore;
  operators: Pick<OperatorSessions, "open">;
  acting(this: void, act: Act): { operatorSessions: OperatorSessionStore; operatorSignIns: OperatorSignInStore };
}

export function createOperatorSignIn(ports: SignInPorts): OperatorSignIn {
  return {
    begin: () => begin(ports).catch(told(ports.observer)),
    finish: (arrival) => finish(ports, arrival).catch(told(ports.observer)),
  };
}

/** The page tells whoever is at it, and the log whoever has to mend it. */
function told(observer: Observer) {
  return (error: unknown): never => {
    const reason = error instanceof ServiceError ? error.facts.reason : undefined;
    observer.event("operator.sign_in_failed", { code: codeOf(error), reason: reason ?? null });
    throw error;
  };
}

async function begin(ports: SignInPorts): Promise<SignInDeparture> {
  const metadata = await ports.issuer.metadata();
  const { state, nonce, codeVerifier, browserToken } = createAttempt(ports.sessionKey, ports.clock, ports.random);
  const authorizationUrl = authorizationRequestUrl({
    authorizationUrl: metadata.authorization_endpoint,
    clientId: ports.client.clientId,
    redirectUri: ports.redirectUri,
    scope: scopesFor(ports, metadata).join(" "),
    state,
    nonce,
    codeVerifier,
    loginHint: null,
    parameters: {},
  });
  return { authorizationUrl, state, browserToken };
}

/** Servers put groups behind one of these two scopes, or behind none. */
function scopesFor({ client }: SignInPorts, { scopes_supported: supported }: ServerMetadata): string[] {
  const forGroups = asksForGroups(client) ? ["profile", "groups"].filter((scope) => supported?.includes(scope)) : [];
  return ["openid", "email", ...forGroups];
}

async function finish(ports: SignInPorts, arrival: SignInArrival): Promise<OpenedSession> {
  const attempt = await useAttempt(ports, arrival);
  const code = await readCode(ports, attempt, arrival.parameters);
  const grant = { code, redirectUri: ports.redirectUri, codeVerifier: attempt.codeVerifier };
  const identified = await identifyOperator(ports, grant, attempt.nonce);
  const role = roleOf(identified.operator, ports.client);
  if (role === null) throw await refuse(ports, { attempt, identified, from: arrival.from });
  return open(ports, { identified, role, from: arrival.from });
}

async function useAttempt(
  { sessionKey, clock, signIns }: SignInPorts,
  { parameters, browserToken }: SignInArrival,
): Promise<SignInAttempt> {
  const attempt = browserToken === null ? null : readAttempt(sessionKey, browserToken);
  if (!attempt || !sameSecret(parameters.get("state") ?? "", attempt.state)) {
    throw invalid("This answer does not belong to a sign-in that was started in this browser.", "foreign");
  }
  if (attempt.expiresAt <= clock.now()) throw invalid("This sign-in took longer than ten minutes.", "expired");
  if (!(await signIns.use(attempt.id))) throw invalid("This answer was used already.", "used");
  return attempt;
}

function invalid(sentence: string, reason: string): ServiceError {
  return new ServiceError("state_invalid", `${sentence} Sign in again.`, { reason });
}

async function readCode(
  { issuer, client }: SignInPorts,
  { state }: SignInAttempt,
  parameters: URLSearchParams,
): Promise<Secret<string>> {
  const metadata = await issuer.metadata();
  const answer = readAuthorizationResponse(parameters, {
    issuer: metadata.issuer,
    issRequired: metadata.authorization_response_iss_parameter_supported ?? false,
    clientId: client.clientId,
    state,
  });
  switch (answer.kind) {
    case "code":
      return answer.code;
    case "denied":
      throw denial(answer.error);
    case "invalid":
      throw new ServiceError("authorization_failed", `The answer was refused: ${answer.problem}.`, {
        reason: "parameters",
      });
  }
}

function denial(error: string): ServiceError {
  return error === "access_denied"
    ? new ServiceError("access_denied", "The sign-in was cancelled or not allowed there.", { reason: error })
    : new ServiceError("authorization_failed", `The server answered with the error "${error}".`, { reason: error });
}

interface Identified {
  identified: IdentifiedOperator;
  from: string | null;
}

function open({ operators, acting }: SignInPorts, { identified, role, from }: Identified & { role: Role }) {
  const { operator } = identified;
  const through = (id: string): OperatorSessionStore =>
    acting({
      name: "operator_session.opened",
      actor: { kind: "operator", id: operator.subject },
      tenantId: DEFAULT_TENANT,
      objectId: id,
      from,
      detail: { issuer: operator.issuer, role, operator_email: operator.email, operator_session: id },
    }).operatorSessions;
  return operators.open({ tenantId: DEFAULT_TENANT, keyId: null, operator }, from, through);
}

async function refuse(
  { acting }: SignInPorts,
  { attempt, identified, from }: Identified & { attempt: SignInAttempt },
): Promise<ServiceError> {
  const { operator, hasUnverifiedEmail } = identified;
  const reason = hasUnverifiedEmail ? "email_unverified" : "not_allowed";
  const { operatorSignIns } = acting({
    name: "operator.sign_in_refused",
    actor: { kind: "operator", id: operator.subject },
    tenantId: DEFAULT_TENANT,
    objectId: null,
    from,
    detail: { issuer: operator.issuer, reason, operator_email: operator.email },
  });
  await operatorSignIns.refuse(attempt.id);
  const who = operator.email === null ? "This account" : `The account ${operator.email}`;
  const unverified = hasUnverifiedEmail
    ? " Its e-mail address does not count, because the server has not verified it."
    : "";
  return new ServiceError(
    "forbidden",
    `${who} may not sign in here.${unverified} Ask whoever runs this service to add it to EVERGRANT_OPERATOR_ALLOWED, or sign in with another account.`,
    { reason },
  );
}
