import type { Problem } from "../../../src/api/problem.ts";
import { ApiError } from "./problem.ts";

export interface Ask {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  query?: Readonly<Record<string, string | number | undefined>>;
  body?: unknown;
  signal?: AbortSignal;
  /** An API key, for the one call that opens a session; everything else goes by the session's cookie. */
  key?: string;
}

const session: { csrfToken: string | null } = { csrfToken: null };

/** What changes something carries this from now on. It is kept in memory only. */
export function rememberCsrfToken(token: string | null): void {
  session.csrfToken = token;
}

/** Calls the API of the service that served this page. `path` begins with `v1/`. Rejects with `ApiError`. */
export async function ask<T>(path: string, { method = "GET", query = {}, body, signal, key }: Ask = {}): Promise<T> {
  const headers = new Headers({ accept: "application/json" });
  if (body !== undefined) headers.set("content-type", "application/json");
  if (key !== undefined) headers.set("authorization", `Bearer ${key}`);
  if (method !== "GET" && session.csrfToken !== null) headers.set("x-csrf-token", session.csrfToken);
  const response = await fetch(addressOf(path, query), {
    method,
    headers,
    body: body === undefined ? null : JSON.stringify(body),
    credentials: "same-origin",
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    if (signal?.aborted === true) throw error;
    throw new ApiError(null);
  });
  const answer: unknown = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw new ApiError(isProblem(answer) ? answer : null);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the service answers by the schema that the type is made from
  return answer as T;
}

/** The dashboard stands at `<public address>/dashboard/`, whatever the public address is. */
export function addressOf(path: string, query: NonNullable<Ask["query"]> = {}): string {
  const url = new URL(`../${path}`, document.baseURI);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return url.href;
}

function isProblem(answer: unknown): answer is Problem {
  return typeof answer === "object" && answer !== null && "code" in answer && "detail" in answer;
}
