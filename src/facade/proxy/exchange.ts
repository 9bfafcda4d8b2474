import type { Caller } from "../../access/authenticator.ts";
import {
  headerOf,
  type ApiAnswer,
  type ApiFailure,
  type ApiSendOptions,
  type HeaderLines,
} from "../../oauth/api-transport.ts";
import { isNonceWanted } from "../../oauth/dpop-nonce.ts";
import type { AccessToken } from "../../refresh/access-token.ts";
import { presentAccessToken } from "../../refresh/present-access-token.ts";
import { ServiceError } from "../../runtime/service-error.ts";
import type { RequestBody } from "./body.ts";
import type { ProxyPorts } from "./ports.ts";

/** A caller's request, once it is known where it goes. */
export interface ProxiedRequest {
  caller: Caller;
  method: string;
  origin: string;
  path: string;
  headers: HeaderLines;
  /** Null: `Authorization`. */
  tokenHeader: string | null;
  body: RequestBody | null;
  trailers(this: void): HeaderLines;
  expectsContinue: boolean;
}

/**
 * The API's answer. Where it refuses the token and the request can be made anew, it gets one more, with a newer token; what it says
 * then is the caller's. Throws what the connection or the way to the API makes impossible.
 */
export async function exchange(
  ports: ProxyPorts,
  request: ProxiedRequest,
  token: AccessToken,
  options: ApiSendOptions,
): Promise<ApiAnswer> {
  const answer = await present(ports, request, token, options);
  if (answer.status !== 401) return answer;
  const newer = await renewed(ports, request, token, answer);
  if (!newer) return answer;
  answer.discard();
  ports.handedOut.count(request.caller.keyId, newer.connectionId);
  return present(ports, request, newer, options);
}

/** With this token, and once more where the API has provably not looked at the request. */
async function present(
  ports: ProxyPorts,
  request: ProxiedRequest,
  token: AccessToken,
  options: ApiSendOptions,
): Promise<ApiAnswer> {
  let answer = await send(ports, request, token, options);
  if (answer.kind === "failure" && mayRepeat(request, answer)) answer = await send(ports, request, token, options);
  if (answer.kind === "answer" && wantsNonce(ports, request, token, answer) && isReplayable(request)) {
    answer.discard();
    answer = await send(ports, request, token, options);
  }
  if (answer.kind === "failure") throw unreachable(answer, token);
  return answer;
}

async function send(
  ports: ProxyPorts,
  request: ProxiedRequest,
  token: AccessToken,
  options: ApiSendOptions,
): Promise<ApiAnswer | ApiFailure> {
  const { method, origin, path, body, trailers, expectsContinue } = request;
  const headers = await headersWith(ports, request, token);
  const asked = { method, origin, path, headers, trailers, expectsContinue };
  const answer = await ports.apis.send({ ...asked, body: body?.stream() ?? null }, options);
  // RFC 9110 §15: there are no other statuses. 101 was not asked for.
  const isAnswer = answer.kind === "failure" || (answer.status >= 200 && answer.status <= 599);
  if (isAnswer) return answer;
  answer.discard();
  return { kind: "failure", sent: true, reason: "reset", isStale: false };
}

/** Whatever the caller has put where the token belongs is not sent. */
async function headersWith(
  ports: ProxyPorts,
  { caller, method, origin, path, headers, tokenHeader: header }: ProxiedRequest,
  token: AccessToken,
): Promise<HeaderLines> {
  const { tenantId } = caller;
  const presented = await presentAccessToken(ports, token, { tenantId, method, url: origin + path, header });
  const taken = new Set(presented.map(([name]) => name.toLowerCase()));
  return [...headers.filter(([name]) => !taken.has(name.toLowerCase())), ...presented];
}

/** RFC 9110 §9.2.2. A connection that was closed in the very moment may have brought the request to the API, or not. */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PROPFIND", "REPORT", "SEARCH", "QUERY"]);

function mayRepeat(request: ProxiedRequest, { isStale }: ApiFailure): boolean {
  return isStale && IDEMPOTENT.has(request.method) && isReplayable(request);
}

function isReplayable({ body }: ProxiedRequest): boolean {
  return body === null || body.isReplayable();
}

/** Keeps the nonce of a bound token's answer (RFC 9449 §9). True: the API wants it, and has not looked at anything else. */
function wantsNonce(
  { dpopNonces }: ProxyPorts,
  { origin }: ProxiedRequest,
  { dpopKey }: AccessToken,
  { status, headers }: ApiAnswer,
): boolean {
  if (dpopKey === null) return false;
  const told = Object.fromEntries(
    ["dpop-nonce", "www-authenticate"].map((name) => [name, headerOf(headers, name) ?? ""]),
  );
  dpopNonces.note(origin, dpopKey, { headers: told });
  return isNonceWanted({ status, headers: told, body: new Uint8Array(), retryAfterMs: null });
}

/** Reports the refusal. Null: the API's answer stands, because it says more than another token could help. */
async function renewed(
  { accessTokens }: ProxyPorts,
  request: ProxiedRequest,
  { connectionId, generation }: AccessToken,
  { status, headers, discard }: ApiAnswer,
): Promise<AccessToken | null> {
  const { tenantId } = request.caller;
  const challenge = headerOf(headers, "www-authenticate");
  try {
    const newer = await accessTokens.rejected({ tenantId, connectionId, generation, status, challenge });
    return isReplayable(request) ? newer : null;
  } catch (error) {
    if (!(error instanceof ServiceError) || !isReplayable(request) || OF_THE_API.has(error.code)) return null;
    discard();
    throw error;
  }
}

/** A fresh token is refused, or not the token but the proof: nothing is wrong with the connection. */
const OF_THE_API = new Set(["api_rejects_fresh_token", "invalid_request"]);

function unreachable({ reason, sent }: ApiFailure, { connectionId }: AccessToken): ServiceError {
  if (reason === "timeout") {
    return new ServiceError("api_timeout", "The API was silent for too long. It may have acted.", { connectionId });
  }
  const told = sent ? "It may have acted." : "Nothing was sent to it.";
  return new ServiceError("api_unreachable", `The API could not be reached (${reason}). ${told}`, { connectionId });
}
