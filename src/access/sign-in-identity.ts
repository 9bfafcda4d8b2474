import { authorizationCodeRequest, type CodeGrant } from "../oauth/token-request.ts";
import type { ClientAuthentication } from "../oauth/client-authentication.ts";
import type { HttpRequest, HttpResponse, Transport } from "../oauth/http.ts";
import type { IdTokenClaims } from "../oauth/id-token.ts";
import { parseJsonObject } from "../oauth/json-object.ts";
import type { ServerMetadata } from "../oauth/metadata.ts";
import { readTokenResponse, type ReceivedTokens } from "../oauth/token-response.ts";
import { userinfoRequest } from "../oauth/userinfo.ts";
import { verifyIdToken, type ExpectedSignIn } from "../oauth/verify-id-token.ts";
import { SECOND, type Clock } from "../runtime/clock.ts";
import type { Secret } from "../runtime/secret.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { isEmail, LONGEST_GROUP, type Operator, type OperatorPolicy } from "./operator.ts";
import { unreachable, type SignInIssuer } from "./sign-in-issuer.ts";

/** The client that operators sign in with, and whom it lets in. */
export interface SignInClient extends OperatorPolicy {
  clientId: string;
  /** As it is at this moment; null for a client without one. */
  clientSecret(): Promise<Secret<string> | null>;
}

export interface IdentityPorts {
  transport: Transport;
  clock: Clock;
  issuer: SignInIssuer;
  client: SignInClient;
}

export interface IdentifiedOperator {
  operator: Operator;
  /** It has an address that counts for nothing. */
  hasUnverifiedEmail: boolean;
}

/** The person is waiting. */
const DEADLINE = 20 * SECOND;

/**
 * Exchanges a code, once, for the person who brought it (OIDC Core §3.1.3). What the ID token leaves out is asked at the userinfo
 * endpoint. Throws `code_exchange_failed`, `authorization_failed`, `provider_unavailable` and `discovery_failed`.
 */
export async function identifyOperator(
  ports: IdentityPorts,
  grant: CodeGrant,
  nonce: string,
): Promise<IdentifiedOperator> {
  const metadata = await ports.issuer.metadata();
  const tokens = await exchange(ports, metadata, grant);
  const expected = { issuer: metadata.issuer, clientId: ports.client.clientId, nonce, now: ports.clock.now() };
  const { subject, claims } = await verify(ports.issuer, tokens.idToken, expected);
  const more = await moreClaims(ports, metadata, tokens, { subject, claims });
  return described(ports.client, subject, [claims, more]);
}

async function exchange(
  { transport, clock, client }: IdentityPorts,
  metadata: ServerMetadata,
  grant: CodeGrant,
): Promise<ReceivedTokens> {
  const authentication = authenticationOf(metadata, client.clientId, await client.clientSecret());
  const sentAt = clock.now();
  const request = await authorizationCodeRequest(metadata.token_endpoint, authentication, grant);
  const answer = readTokenResponse(await send(transport, request), { sentAt });
  switch (answer.kind) {
    case "tokens":
      return answer.tokens;
    case "error":
      throw notExchanged(`answered "${answer.error.code}"`, answer.error.code);
    case "unreadable":
      throw notExchanged(`answered something that is not tokens (${answer.problem})`, answer.problem);
  }
}

/** RFC 8414 §2: `client_secret_basic` is what an omitted list means. */
function authenticationOf(
  { token_endpoint_auth_methods_supported: supported }: ServerMetadata,
  clientId: string,
  clientSecret: Secret<string> | null,
): ClientAuthentication {
  if (!clientSecret) return { method: "none", clientId };
  const takesBasic = !supported || supported.includes("client_secret_basic");
  return { method: takesBasic ? "client_secret_basic" : "client_secret_post", clientId, clientSecret };
}

async function send(transport: Transport, request: HttpRequest): Promise<HttpResponse> {
  const result = await transport.send(request, { deadlineMs: DEADLINE });
  if (result.kind === "failure") throw unreachable(result.reason);
  return result.response;
}

function notExchanged(what: string, reason: string): ServiceError {
  return new ServiceError(
    "code_exchange_failed",
    `The server at which operators sign in ${what}. Whoever runs this service has to look at EVERGRANT_OPERATOR_CLIENT_ID and EVERGRANT_OPERATOR_CLIENT_SECRET.`,
    { reason },
  );
}

async function verify(issuer: SignInIssuer, idToken: Secret<string> | null, expected: ExpectedSignIn) {
  if (!idToken) throw distrusted("no_id_token");
  const first = await verifyIdToken(idToken, await issuer.keys(), expected);
  const isKeyUnknown = first.kind === "refused" && first.problem === "unknown_key";
  const found = isKeyUnknown ? await verifyIdToken(idToken, await issuer.newKeys(), expected) : first;
  if (found.kind === "refused") throw distrusted(`id_token_${found.problem}`);
  return found;
}

function distrusted(reason: string): ServiceError {
  return new ServiceError(
    "authorization_failed",
    `What the server says of who signed in cannot be trusted (${reason}), so nobody was signed in.`,
    { reason },
  );
}

/** Many ID tokens hold no more than the subject. What the userinfo endpoint says counts for that subject alone (OIDC Core §5.3.2). */
async function moreClaims(
  { transport, client }: IdentityPorts,
  { userinfo_endpoint: url }: ServerMetadata,
  tokens: ReceivedTokens,
  { subject, claims }: { subject: string; claims: IdTokenClaims },
): Promise<IdTokenClaims> {
  const isComplete = claims["email"] !== undefined && (!asksForGroups(client) || claims["groups"] !== undefined);
  if (isComplete || !url) return {};
  const { status, body } = await send(transport, userinfoRequest(url, tokens));
  if (status !== 200) throw notExchanged(`tells nothing of who signed in (HTTP ${status})`, "userinfo");
  const more = parseJsonObject(new TextDecoder().decode(body));
  if (more?.["sub"] !== subject) throw distrusted("userinfo_subject");
  return more;
}

/** Groups cost a scope and a request, and only those who are let in by one need them. */
export function asksForGroups({ allowed }: OperatorPolicy): boolean {
  return allowed.some(({ kind }) => kind === "group");
}

/** The first source that has an address says whether it is verified. */
function described(client: OperatorPolicy, subject: string, sources: readonly IdTokenClaims[]): IdentifiedOperator {
  const { email, email_verified: isVerified } = sources.find((claims) => claims["email"] !== undefined) ?? {};
  const counts = isVerified === true && typeof email === "string" && isEmail(email);
  const named = new Set(sources.flatMap((claims) => groupsIn(claims["groups"])));
  const groups = client.allowed.filter(({ kind, name }) => kind === "group" && named.has(name)).map(({ name }) => name);
  return {
    operator: { issuer: client.issuer, subject, email: counts ? email : null, groups: [...new Set(groups)] },
    hasUnverifiedEmail: email !== undefined && !counts,
  };
}

/** Some servers say one group without a list. */
function groupsIn(value: unknown): string[] {
  const list: unknown[] = [value].flat();
  return list.filter((name) => typeof name === "string" && name.length <= LONGEST_GROUP).map(String);
}
