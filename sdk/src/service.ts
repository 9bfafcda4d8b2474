import { readAccessTokenAnswer } from "./access-token-answer.ts";
import type { AccessToken } from "./access-token.ts";
import { readProblem } from "./problem.ts";
import { createServiceCall } from "./service-call.ts";
import type { ServiceAnswer } from "./service-call.ts";
import { TemporarilyUnavailableError } from "./temporarily-unavailable-error.ts";
import type { TokenRefusal } from "./token-refusal.ts";

/** The two calls of the service. Both reject with an `EvergrantError`. */
export interface Service {
  accessToken(connectionId: string, minTtl: number): Promise<AccessToken>;
  rejected(connectionId: string, refusal: TokenRefusal): Promise<AccessToken>;
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
      return readAnswer(await call({ method: "GET", path, connectionId }), connectionId);
    },
    async rejected(connectionId, refusal) {
      const path = `${tokenPath(connectionId)}/rejected`;
      return readAnswer(await call({ method: "POST", path, body: toWire(refusal), connectionId }), connectionId);
    },
  };
}

function tokenPath(connectionId: string): string {
  return `/v1/connections/${encodeURIComponent(connectionId)}/access-token`;
}

function toWire({ generation, status, wwwAuthenticate }: TokenRefusal): unknown {
  return { generation, status, www_authenticate: wwwAuthenticate };
}

function readAnswer(answer: ServiceAnswer, connectionId: string): AccessToken {
  const token = answer.status === 200 ? readAccessTokenAnswer(answer.json, connectionId) : undefined;
  if (token !== undefined) return token;
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
