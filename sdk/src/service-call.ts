import { readRetryAfter } from "./retry-after.ts";
import { TemporarilyUnavailableError } from "./temporarily-unavailable-error.ts";

interface ServiceRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: unknown;
  readonly connectionId: string;
}

export interface ServiceAnswer {
  readonly status: number;
  /** The media type without parameters, in lower case. */
  readonly mediaType: string;
  readonly retryAfterSeconds: number | null;
  /** undefined when the content is not JSON. */
  readonly json: unknown;
}

type ServiceCall = (request: ServiceRequest) => Promise<ServiceAnswer>;

/** Sends one request to the service and reads the whole answer within `timeoutMs`. */
export function createServiceCall(deps: {
  readonly url: string;
  readonly apiKey: string;
  readonly timeoutMs: number;
  readonly fetch: typeof fetch;
}): ServiceCall {
  const { url, apiKey, timeoutMs, fetch: send } = deps;
  return async (request) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const response = await send(url + request.path, toInit(request, apiKey, timeout));
      return await readAnswer(response, apiKey);
    } catch (error) {
      if (timeout.aborted) throw timedOut(timeoutMs, request.connectionId);
      throw unreachable(error, request.connectionId);
    }
  };
}

/** A redirect is not followed: the answer must come from the configured place. */
function toInit({ method, body }: ServiceRequest, apiKey: string, signal: AbortSignal): RequestInit {
  const headers = { authorization: `Bearer ${apiKey}`, accept: "application/json, application/problem+json" };
  const common = { method, redirect: "manual", signal } as const;
  if (body === undefined) return { ...common, headers };
  return { ...common, headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) };
}

/** A broken proxy may echo the request; the key is taken out of a failure before its text can become a message. */
async function readAnswer(response: Response, apiKey: string): Promise<ServiceAnswer> {
  const text = await response.text();
  return {
    status: response.status,
    mediaType: mediaTypeOf(response),
    retryAfterSeconds: readRetryAfter(response.headers.get("retry-after")),
    json: parseJson(response.ok ? text : text.replaceAll(apiKey, "[secret]")),
  };
}

function mediaTypeOf(response: Response): string {
  const [mediaType = ""] = (response.headers.get("content-type") ?? "").split(";");
  return mediaType.trim().toLowerCase();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function timedOut(timeoutMs: number, connectionId: string): TemporarilyUnavailableError {
  return new TemporarilyUnavailableError(`The service did not answer within ${timeoutMs} ms.`, {
    code: "service_timeout",
    connectionId,
  });
}

/** Of the failure only its code is told: its text and its properties may hold parts of the request or the answer. */
function unreachable(error: unknown, connectionId: string): TemporarilyUnavailableError {
  return new TemporarilyUnavailableError(
    `The service could not be reached (${failureCode(error)}); check that it runs and that "url" leads to it.`,
    { code: "service_unreachable", connectionId },
  );
}

/** `fetch` rejects with a TypeError whose cause is the failure of the network, such as ECONNREFUSED. */
function failureCode(error: unknown): string {
  if (!(error instanceof Error)) return "unknown failure";
  if ("code" in error && typeof error.code === "string") return error.code;
  return error.cause instanceof Error ? failureCode(error.cause) : error.name;
}
