import { readAccessTokenAnswer } from "./access-token-answer.ts";
import type { AccessToken } from "./access-token.ts";
import { readDpopProofAnswer, type DpopProof, type RequestToProve } from "./dpop-proof.ts";
import { readProblem } from "./problem.ts";
import { createServiceCall } from "./service-call.ts";
import type { ServiceAnswer } from "./service-call.ts";
import { TemporarilyUnavailableError } from "./temporarily-unavailable-error.ts";
import type { TokenRefusal } from "./token-refusal.ts";

/** The calls of the service. All reject with an `EvergrantError`. */
export interface Service {
  accessToken(connectionId: string, minTtl: number): Promise<AccessToken>;
  rejected(connectionId: string, refusal: TokenRefusal): Promise<AccessToken>;
  dpopProof(connectionId: string, request: RequestToProve): Promise<DpopProof>;
}

export function createService(deps: {
  readonly url: string;
  readonly apiKey: string;
  readonly timeoutMs: number;
  readonly fetch: typeof fetch;
}): Service {
  const call = createServiceCall(deps);
  return {
    async accessToken(connectionId, minTtl) {
      const path = `${tokenPath(connectionId)}?min_ttl=${minTtl}`;
      return readAnswer(await call({ method: "GET", path, connectionId }), connectionId, readAccessTokenAnswer);
    },
    async rejected(connectionId, refusal) {
      const path = `${tokenPath(connectionId)}/rejected`;
      const answer = await call({ method: "POST", path, body: toWire(refusal), connectionId });
      return readAnswer(answer, connectionId, readAccessTokenAnswer);
    },
    async dpopProof(connectionId, { method, url, nonce }) {
      const path = `${connectionPath(connectionId)}/dpop-proof`;
      const answer = await call({ method: "POST", path, body: { method, url, nonce }, connectionId });
      return readAnswer(answer, connectionId, readDpopProofAnswer);
    },
  };
}

function tokenPath(connectionId: string): string {
  return `${connectionPath(connectionId)}/access-token`;
}

function connectionPath(connectionId: string): string {
  return `/v1/connections/${encodeURIComponent(connectionId)}`;
}

/** The service takes so many characters of a challenge, and what an API says is not to keep a refusal from being reported. */
const LONGEST_CHALLENGE = 4096;

function toWire({ generation, status, wwwAuthenticate }: TokenRefusal): unknown {
  return { generation, status, www_authenticate: wwwAuthenticate?.slice(0, LONGEST_CHALLENGE) };
}

function readAnswer<Wanted>(
  answer: ServiceAnswer,
  connectionId: string,
  read: (json: unknown, connectionId: string) => Wanted | undefined,
): Wanted {
  const wanted = answer.status === 200 ? read(answer.json, connectionId) : undefined;
  if (wanted !== undefined) return wanted;
  throw readProblem(answer, connectionId) ?? unexpected(answer, connectionId);
}

function unexpected(answer: ServiceAnswer, connectionId: string): TemporarilyUnavailableError {
  return new TemporarilyUnavailableError(
    `The service gave an answer (${answer.status}) that is neither a token of the connection nor a problem; check that "url" leads to Evergrant.`,
    {
      code: "unexpected_response",
      status: answer.status,
      retryAfterSeconds: answer.retryAfterSeconds,
      connectionId,
    },
  );
}
