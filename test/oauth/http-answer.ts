import type { HttpResponse } from "../../src/oauth/http.ts";
import type { Reading } from "../../src/oauth/token-response.ts";

/** A server of the standard's kind, asked at some time. */
export const READING: Reading = { sentAt: Date.UTC(2026, 0, 1) };

/** A token endpoint's answer; an object is sent as JSON. */
export function httpAnswer(status: number, body: string | Uint8Array | object, rest: Partial<HttpResponse> = {}) {
  const text = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return { status, headers: {}, body: bytes, retryAfterMs: null, ...rest } satisfies HttpResponse;
}
