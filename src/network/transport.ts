import type { Socket } from "node:net";
import { Agent, buildConnector, request as send } from "undici";
import type {
  ClientCertificate,
  HttpRequest,
  HttpResponse,
  SendOptions,
  Transport,
  TransportResult,
} from "../oauth/http.ts";
import { createDeadline } from "./deadline.ts";
import { guardedLookup, refusedUrl, type Lookup } from "./guard.ts";
import { failureOf, NotConnected } from "./failure.ts";
import { retryAfterMs } from "./retry-after.ts";
import { openTunnel } from "./tunnel.ts";

export interface TransportSettings {
  /** Host names or addresses that may be private: servers inside the operator's own network. */
  allowedPrivateHosts: readonly string[];
  /** The URL of the HTTP proxy that leads to `url`; empty: none does. Not asked about the hosts above, nor without TLS. */
  proxyFor: (url: string) => string;
  /** Who tells the addresses of a name; the system, unless given. */
  lookup?: Lookup;
}

/** No token endpoint has reason to send more. */
const LARGEST_BODY = 256 * 1024;
const CONNECT_DEADLINE = 10_000;

/** The only HTTP out of this service. */
export function createTransport(settings: TransportSettings): Transport & { close(): Promise<void> } {
  const allowed = new Set(settings.allowedPrivateHosts.map((host) => host.toLowerCase()));
  const anonymous = openAgent(connector(allowed, settings));
  return {
    send: async (request, options) => {
      const refusal = refusedUrl(request.url, allowed);
      if (refusal) return { kind: "failure", sent: false, reason: refusal };
      const { clientCertificate } = request;
      if (!clientCertificate) return sendOnce(anonymous, request, options);
      const agent = openAgent(connector(allowed, settings, clientCertificate));
      try {
        return await sendOnce(agent, request, options);
      } finally {
        await agent.destroy();
      }
    },
    close: () => anonymous.destroy(),
  };
}

function openAgent(connect: Connector): Agent {
  // A connection of its own for each request: keep-alive would let a stale socket make an exchange ambiguous.
  return new Agent({ pipelining: 0, connect, maxResponseSize: LARGEST_BODY });
}

async function sendOnce(agent: Agent, request: HttpRequest, { deadlineMs }: SendOptions): Promise<TransportResult> {
  const deadline = createDeadline(deadlineMs);
  try {
    const response = await send(request.url, {
      dispatcher: agent,
      method: request.method,
      headers: { ...request.headers, "user-agent": "evergrant" },
      body: request.body ?? null,
      signal: deadline.signal,
      headersTimeout: deadlineMs,
      bodyTimeout: deadlineMs,
    });
    const body = await response.body.bytes();
    return { kind: "response", response: readResponse(response.statusCode, response.headers, body) };
  } catch (error) {
    return failureOf(error);
  } finally {
    deadline.clear();
  }
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

type Connector = buildConnector.connector;

/** Connects, TLS included, and marks every error until then as one after which nothing was sent. */
function connector(
  allowed: ReadonlySet<string>,
  { proxyFor, lookup }: TransportSettings,
  shown?: ClientCertificate,
): Connector {
  const connect = buildConnector({
    timeout: CONNECT_DEADLINE,
    lookup: guardedLookup(allowed, lookup),
    ...(shown && { cert: shown.certificate, key: shown.privateKey.reveal() }),
  });
  return (options, callback) => {
    const fail = (cause: Error): void => callback(new NotConnected("No connection.", { cause }), null);
    const settle: buildConnector.Callback = (...[error, socket]) => (error ? fail(error) : callback(null, socket));
    // A certificate that TLS cannot use is thrown, not told.
    const begin = (tunnel?: Socket): void => {
      try {
        connect({ ...options, ...(tunnel && { httpSocket: tunnel }) }, settle);
      } catch (error) {
        fail(error instanceof Error ? error : new Error("No TLS."));
      }
    };
    const { protocol, hostname, port } = options;
    const target = `${hostname}:${port || 443}`;
    const proxy = protocol === "https:" && !allowed.has(hostname) ? proxyFor(`https://${target}/`) : "";
    if (proxy === "") return begin();
    openTunnel(new URL(proxy), target, CONNECT_DEADLINE).then(begin, fail);
  };
}
