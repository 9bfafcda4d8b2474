import { lookup as systemLookup, type LookupAddress, type LookupOptions } from "node:dns";
import { isIP, type LookupFunction } from "node:net";
import { Agent, buildConnector, request as send } from "undici";
import type {
  HttpRequest,
  HttpResponse,
  SendOptions,
  Transport,
  TransportFailure,
  TransportResult,
} from "../oauth/http.ts";
import { isPrivateAddress } from "./address.ts";
import { retryAfterMs } from "./retry-after.ts";

export interface TransportSettings {
  /** Host names or addresses that may be private: servers inside the operator's own network. */
  allowedPrivateHosts: readonly string[];
}

/** No token endpoint has reason to send more. */
const LARGEST_BODY = 256 * 1024;
const CONNECT_DEADLINE = 10_000;

/** The only HTTP out of this service. Private addresses are refused where the socket resolves its name, so no second answer of a DNS server can get past the check. */
export function createTransport(settings: TransportSettings): Transport & { close(): Promise<void> } {
  const allowed = new Set(settings.allowedPrivateHosts.map((host) => host.toLowerCase()));
  const agent = new Agent({
    // A connection of its own for each request: keep-alive would let a stale socket make an exchange ambiguous.
    pipelining: 0,
    connect: connector(allowed),
    maxResponseSize: LARGEST_BODY,
  });
  return {
    send: (request, options) => sendOnce(agent, allowed, request, options),
    close: () => agent.destroy(),
  };
}

async function sendOnce(
  agent: Agent,
  allowed: ReadonlySet<string>,
  request: HttpRequest,
  { deadlineMs }: SendOptions,
): Promise<TransportResult> {
  const refusal = refusedUrl(request.url, allowed);
  if (refusal) return { kind: "failure", sent: false, reason: refusal };
  try {
    const response = await send(request.url, {
      dispatcher: agent,
      method: request.method,
      headers: { ...request.headers, "user-agent": "evergrant" },
      body: request.body ?? null,
      signal: AbortSignal.timeout(deadlineMs),
      headersTimeout: deadlineMs,
      bodyTimeout: deadlineMs,
    });
    const body = await response.body.bytes();
    return { kind: "response", response: readResponse(response.statusCode, response.headers, body) };
  } catch (error) {
    return understand(error);
  }
}

/** An address written into the URL is never looked up, so it is judged here; names are judged in the lookup. */
function refusedUrl(text: string, allowed: ReadonlySet<string>): "bad_url" | "blocked_address" | null {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !["http:", "https:"].includes(url.protocol) || url.username !== "" || url.password !== "")
    return "bad_url";
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (allowed.has(host)) return null;
  // Secrets travel only under TLS, or inside the operator's own network.
  if (url.protocol === "http:") return "blocked_address";
  return isIP(host) !== 0 && isPrivateAddress(host) ? "blocked_address" : null;
}

/** No connection came to stand: not a byte of the request has left. Its cause says why. */
class NotConnected extends Error {
  override readonly name = "NotConnected";
}

/** Connects, TLS included, and marks every error until then as one after which nothing was sent. */
function connector(allowed: ReadonlySet<string>): buildConnector.connector {
  const connect = buildConnector({ timeout: CONNECT_DEADLINE, lookup: guardedLookup(allowed) });
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error) callback(new NotConnected("No connection.", { cause: error }), null);
      else callback(null, socket);
    });
}

class BlockedAddress extends Error {
  readonly code = "EVERGRANT_BLOCKED_ADDRESS";
}

function guardedLookup(allowed: ReadonlySet<string>): LookupFunction {
  return (hostname, options, callback) => {
    const all: LookupOptions & { all: true } = { ...options, all: true };
    systemLookup(hostname, all, (error, addresses) => {
      if (error) return callback(error, "", 0);
      const usable = allowed.has(hostname.toLowerCase())
        ? addresses
        : addresses.filter(({ address }) => !isPrivateAddress(address));
      answer(usable, options, callback);
    });
  };
}

function answer(addresses: LookupAddress[], options: LookupOptions, callback: Parameters<LookupFunction>[2]): void {
  const [first] = addresses;
  if (!first) return callback(new BlockedAddress("The name leads to private addresses only."), "", 0);
  if (options.all === true) return callback(null, addresses);
  callback(null, first.address, first.family);
}

function readResponse(
  status: number,
  raw: Record<string, string | string[] | undefined>,
  body: Uint8Array,
): HttpResponse {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (value !== undefined) headers[name.toLowerCase()] = Array.isArray(value) ? value.join(", ") : value;
  }
  return { status, headers, body, retryAfterMs: retryAfterMs(headers["retry-after"]) };
}

/** Errors before the connection stood prove that the server did nothing; every other one leaves it open. */
function understand(error: unknown): TransportFailure {
  if (error instanceof NotConnected) {
    return { kind: "failure", sent: false, reason: whyNotConnected(codeOf(error.cause)) };
  }
  const code = codeOf(error);
  // A header that HTTP cannot carry; undici refuses it before it connects.
  if (code === "UND_ERR_INVALID_ARG") return { kind: "failure", sent: false, reason: "bad_url" };
  if (code === "UND_ERR_RES_EXCEEDED_MAX_SIZE") return { kind: "failure", sent: true, reason: "too_large" };
  return { kind: "failure", sent: true, reason: isTimeout(error, code) ? "timeout" : "reset" };
}

function whyNotConnected(code: string): TransportFailure["reason"] {
  if (code === "EVERGRANT_BLOCKED_ADDRESS") return "blocked_address";
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
