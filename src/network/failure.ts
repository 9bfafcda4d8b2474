import type { TransportFailure } from "../oauth/http.ts";

/** No connection came to stand: not a byte of the request has left. Its cause says why. */
export class NotConnected extends Error {
  override readonly name = "NotConnected";
}

/** Errors before the connection stood prove that the server did nothing; every other one leaves it open. */
export function failureOf(error: unknown): TransportFailure {
  if (error instanceof NotConnected) {
    return { kind: "failure", sent: false, reason: whyNotConnected(codeOf(error.cause)) };
  }
  const code = codeOf(error);
  // A header or a path that HTTP cannot carry, which is refused before anything connects.
  if (UNSENDABLE.has(code)) return { kind: "failure", sent: false, reason: "bad_url" };
  if (code === "UND_ERR_RES_EXCEEDED_MAX_SIZE") return { kind: "failure", sent: true, reason: "too_large" };
  return { kind: "failure", sent: true, reason: isTimeout(error, code) ? "timeout" : "reset" };
}

const UNSENDABLE = new Set(["UND_ERR_INVALID_ARG", "ERR_INVALID_CHAR", "ERR_UNESCAPED_CHARACTERS"]);

function whyNotConnected(code: string): TransportFailure["reason"] {
  if (code === "EVERGRANT_BLOCKED_ADDRESS") return "blocked_address";
  if (code === "EVERGRANT_PROXY_REFUSED") return "proxy";
  if (/^(ENOTFOUND|EAI_.*)$/.test(code)) return "dns";
  // A reset of a TCP connection that stands can only come in the middle of the TLS handshake.
  if (/CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO|^EPROTO$|^ECONNRESET$/.test(code)) return "tls";
  return "refused";
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return "";
  if ("code" in error && typeof error.code === "string") return error.code;
  return error.cause === undefined ? "" : codeOf(error.cause);
}

function isTimeout(error: unknown, code: string): boolean {
  return (error instanceof Error && error.name === "TimeoutError") || code.endsWith("_TIMEOUT");
}
