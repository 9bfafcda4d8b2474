import type { IncomingMessage, ServerResponse } from "node:http";
import type { Admission } from "../access/admission.ts";
import { permits, reaches } from "../access/authenticator.ts";
import type { HandedOut } from "../access/handed-out.ts";
import type { AccessToken, AccessTokens } from "../refresh/access-token.ts";
import type { PeerAddress } from "./peer-address.ts";
import { accessTokenBody } from "./routes/access-token.ts";

const PATH = /^\/v1\/connections\/(con_[0-9a-z]{26})\/access-token(?:\?min_ttl=(\d{1,5}))?$/;
const DEFAULT_MIN_TTL = 60;
const LONGEST_MIN_TTL = 86_400;

export interface HotRouteDeps {
  admission: Admission;
  accessTokens: Pick<AccessTokens, "recall">;
  handedOut: Pick<HandedOut, "count">;
  peerAddress: PeerAddress;
}

/**
 * Answers `GET /v1/connections/{id}/access-token` before the framework sees it, when the key is verified and the token is good
 * and both are in memory: then the read costs about as much as an empty answer. Everything else returns false and takes the
 * ordinary route, which gives the same answer. Only the rate limit's headers are left out here: the request counts all the same.
 */
export function createHotRoute({ admission, accessTokens, handedOut, peerAddress }: HotRouteDeps) {
  const answers = new WeakMap<AccessToken, Answer>();

  function answerOf(token: AccessToken): Answer {
    const known = answers.get(token);
    if (known) return known;
    const body = JSON.stringify(accessTokenBody(token));
    const answer = { body, headers: headersFor(body) };
    answers.set(token, answer);
    return answer;
  }

  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const match = request.method === "GET" ? PATH.exec(request.url ?? "") : null;
    const connectionId = match?.[1];
    const authorization = request.headers.authorization;
    if (connectionId === undefined || !authorization?.startsWith("Bearer ")) return false;
    const from = peerAddress(request);
    const caller = admission.recall(authorization.slice("Bearer ".length), from);
    const minTtl = Number(match?.[2] ?? DEFAULT_MIN_TTL);
    if (!caller || !permits(caller, "token:read") || !reaches(caller, connectionId) || minTtl > LONGEST_MIN_TTL)
      return false;
    const token = accessTokens.recall({ tenantId: caller.tenantId, connectionId, minTtlMs: minTtl * 1000 });
    if (!token || admission.enter(caller, from) > 0) return false;
    handedOut.count(caller.keyId, token.connectionId);
    const { body, headers } = answerOf(token);
    response.writeHead(200, headers);
    response.end(body);
    return true;
  };
}

/** The body stays a string: Node then writes it in one piece with the headers. */
interface Answer {
  body: string;
  headers: Record<string, string | number>;
}

function headersFor(body: string): Answer["headers"] {
  return {
    "content-type": "application/json; charset=utf-8",
    "cache-control": "no-store",
    "content-length": Buffer.byteLength(body),
  };
}
