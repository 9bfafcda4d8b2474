import type { HttpResponse } from "../../src/oauth/http.ts";

/** A token endpoint's answer; an object is sent as JSON. */
export function httpAnswer(status: number, body: string | Uint8Array | object, rest: Partial<HttpResponse> = {}) {
  const text = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return { status, headers: {}, body: bytes, retryAfterMs: null, ...rest } satisfies HttpResponse;
}
