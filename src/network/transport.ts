import { Agent, request as send } from "undici";
import type { HttpRequest, HttpResponse, SendOptions, Transport, TransportResult } from "../oauth/http.ts";
import { allowedHosts, createConnector, type Connector, type NetworkSettings } from "./connector.ts";
import { createDeadline } from "./deadline.ts";
import { failureOf } from "./failure.ts";
import { refusedUrl } from "./guard.ts";
import { retryAfterMs } from "./retry-after.ts";

/** No token endpoint has reason to send more. */
const LARGEST_BODY = 256 * 1024;

/** The way to token endpoints and all that belongs to them; `api-transport.ts` is the only other HTTP out of this service. */
export function createTransport(settings: NetworkSettings): Transport & { close(): Promise<void> } {
  const allowed = allowedHosts(settings);
  const anonymous = openAgent(createConnector(settings));
  return {
    send: async (request, options) => {
      const refusal = refusedUrl(request.url, allowed);
      if (refusal) return { kind: "failure", sent: false, reason: refusal };
      const { clientCertificate } = request;
      if (!clientCertificate) return sendOnce(anonymous, request, options);
      const agent = openAgent(createConnector(settings, clientCertificate));
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
