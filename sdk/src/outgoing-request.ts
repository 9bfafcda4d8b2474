import { abortable } from "./abortable.ts";
import type { AccessToken } from "./access-token.ts";
import { isReadOnce } from "./read-once.ts";
import type { EvergrantBody, EvergrantRequestInit } from "./request-init.ts";

/** The arguments of `connection.fetch`, ready to be sent with one token after another. */
export interface OutgoingRequest {
  readonly method: string;
  readonly url: string;
  readonly signal: AbortSignal | undefined;
  /** False when sending takes the body away. */
  readonly repeatable: boolean;
  /** The second argument of `fetch` for one try, with a body of its own if there is a function that makes it. */
  initWith(token: AccessToken, proof?: string): Promise<RequestInit>;
}

/** @throws TypeError when the request has an `Authorization` header. */
export function readOutgoingRequest(input: string | URL | Request, init: EvergrantRequestInit): OutgoingRequest {
  const request = input instanceof Request ? input : undefined;
  const { body, ...rest } = init;
  const headers = new Headers(init.headers ?? request?.headers);
  assertNoAuthorization(headers);
  const signal = (init.signal === undefined ? request?.signal : init.signal) ?? undefined;
  return {
    method: (init.method ?? request?.method ?? "GET").toUpperCase(),
    url: input instanceof Request ? input.url : String(input),
    signal,
    repeatable: !isReadOnce(body ?? request?.body),
    async initWith(token, proof) {
      const made = isMaker(body) ? await abortable(async () => body(), signal) : body;
      return { ...rest, headers: withToken(headers, token, proof), ...bodyInit(made) };
    },
  };
}

function assertNoAuthorization(headers: Headers): void {
  if (!headers.has("authorization")) return;
  throw new TypeError("The request already has an Authorization header; connection.fetch sets it, so leave it out.");
}

/** The scheme is "Bearer" in any spelling (RFC 9110, section 11.1), yet some APIs take only this one. */
function withToken(headers: Headers, { tokenType, accessToken }: AccessToken, proof: string | undefined): Headers {
  const scheme = tokenType.toLowerCase() === "bearer" ? "Bearer" : tokenType;
  const authorized = new Headers(headers);
  authorized.set("authorization", `${scheme} ${accessToken}`);
  if (proof !== undefined) authorized.set("dpop", proof);
  return authorized;
}

/** `fetch` takes a stream only with "half": the answer starts after the body has been sent (Fetch standard, Request class). */
function bodyInit(body: EvergrantBody | undefined): RequestInit {
  if (body === undefined) return {};
  return isReadOnce(body) ? { body, duplex: "half" } : { body };
}

function isMaker(body: EvergrantRequestInit["body"]): body is () => EvergrantBody | Promise<EvergrantBody> {
  return typeof body === "function";
}
