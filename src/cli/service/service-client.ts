import { CommandFailure } from "../command-failure.ts";
import { readApiKey } from "./read-api-key.ts";
import { parseJson } from "./parse-json.ts";
import { readServiceUrl } from "./service-url.ts";

interface ServiceRequest {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With its ids encoded; `path` does that. */
  path: string;
  query?: Readonly<Record<string, string | number | undefined>>;
  body?: unknown;
  /** Milliseconds, for what takes longer than asking a provider. */
  deadline?: number;
}

/** What an answer should look like: a zod schema, or a check that loads without zod. */
export interface Shape<T> {
  safeParse(value: unknown): { success: true; data: T } | { success: false };
}

/** A running service, asked with the caller's API key. */
export interface ServiceClient {
  /** The answer, in the shape that was expected. Throws `CommandFailure`. */
  ask<T>(request: ServiceRequest, shape: Shape<T>): Promise<T>;
  /** The same with its status, where that says more. */
  answer<T>(request: ServiceRequest, shape: Shape<T>): Promise<{ status: number; data: T }>;
}

/** The service itself waits for a provider, longest while it checks a connection: 10 s, then 30 s for an exchange. */
const DEADLINE = 60_000;

/** Throws `CommandFailure` when the address or the key cannot be used. */
export function createServiceClient(url: string, environment: NodeJS.ProcessEnv): ServiceClient {
  const origin = readServiceUrl(url);
  const key = readApiKey(environment);
  const answer: ServiceClient["answer"] = async (request, shape) => {
    const response = await send(origin, key, request);
    const { ok, status } = response;
    const text = await response.text().catch(unreachable(origin));
    const read = ok ? shape.safeParse(parseJson(text)) : null;
    if (read?.success === true) return { status, data: read.data };
    // Loaded only here: zod, which problem details are read with, takes longer than a command that only wants a token.
    const { failureOfAnswer } = await import("./failure-of-answer.ts");
    throw failureOfAnswer(origin, status, text);
  };
  return { answer, ask: async (request, shape) => (await answer(request, shape)).data };
}

/** A path with ids in it, each encoded. */
export function path(strings: TemplateStringsArray, ...ids: string[]): string {
  return String.raw({ raw: strings }, ...ids.map(encodeURIComponent));
}

function send(origin: string, key: string, request: ServiceRequest): Promise<Response> {
  const headers = new Headers({ authorization: `Bearer ${key}`, accept: "application/json" });
  if (request.body !== undefined) headers.set("content-type", "application/json");
  return fetch(`${origin}${request.path}${queryOf(request)}`, {
    method: request.method ?? "GET",
    headers,
    body: request.body === undefined ? null : JSON.stringify(request.body),
    // The key is for this address only.
    redirect: "manual",
    signal: AbortSignal.timeout(request.deadline ?? DEADLINE),
  }).catch(unreachable(origin));
}

function queryOf({ query = {} }: ServiceRequest): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  return parameters.size === 0 ? "" : `?${parameters.toString()}`;
}

function unreachable(origin: string) {
  return (error: unknown): never => {
    throw new CommandFailure({
      exit: "unavailable",
      code: "unreachable",
      detail: `No answer from ${origin} (${reason(error)}). Is the service running?`,
      next: "Start it with evergrant serve, or name its address with --url or EVERGRANT_URL.",
    });
  };
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  if (error.name === "TimeoutError") return "timeout";
  if (error.cause !== undefined) return reason(error.cause);
  return "code" in error && typeof error.code === "string" ? error.code : error.message;
}
