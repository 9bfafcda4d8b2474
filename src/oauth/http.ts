import type { Secret } from "../runtime/secret.ts";

/** What a client shows of itself in the TLS handshake (RFC 8705 §2), in PEM. */
export interface ClientCertificate {
  /** Its certificate, and those that lead to an authority. */
  certificate: string;
  privateKey: Secret<string>;
}

/** One HTTP request as a value; the body is a form (RFC 6749 appendix B) or absent. */
export interface HttpRequest {
  method: "GET" | "POST";
  url: string;
  headers: Record<string, string>;
  body?: string;
  clientCertificate?: ClientCertificate;
}

export interface HttpResponse {
  status: number;
  /** Names in lower case; a repeated header is joined with ", ". */
  headers: Record<string, string>;
  body: Uint8Array;
  /** `Retry-After` (RFC 9110 §10.2.3) as a wait from now, whichever form it came in; null when absent or unreadable. */
  retryAfterMs: number | null;
}

/**
 * Why no usable answer came. `sent: false` means that the server provably did nothing (RFC 9110 §9.2.2: only then may a
 * non-idempotent request be repeated); `sent: true` means that it may have acted.
 */
export interface TransportFailure {
  kind: "failure";
  sent: boolean;
  reason: "blocked_address" | "bad_url" | "dns" | "refused" | "proxy" | "tls" | "timeout" | "reset" | "too_large";
}

export type TransportResult = { kind: "response"; response: HttpResponse } | TransportFailure;

export interface SendOptions {
  deadlineMs: number;
}

/**
 * The only way out. Sends exactly once, on a connection of its own (a stale pooled one would make a one-time request
 * ambiguous): no retry, no redirect, a capped body, a deadline. Never throws.
 */
export interface Transport {
  send(request: HttpRequest, options: SendOptions): Promise<TransportResult>;
}
