import { Agent as PlainAgent, request as sendInTheClear, type ClientRequest, type IncomingMessage } from "node:http";
import { Agent as TlsAgent, request as sendUnderTls } from "node:https";
import type { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import {
  headerLines,
  headerOf,
  type ApiAnswer,
  type ApiFailure,
  type ApiRequest,
  type ApiSendOptions,
  type ApiTransport,
} from "../oauth/api-transport.ts";
import { allowedHosts, createConnector, type Connector, type NetworkSettings } from "./connector.ts";
import { failureOf } from "./failure.ts";
import { refusedUrl } from "./guard.ts";

export interface ApiTransportSettings extends NetworkSettings {
  /** Nothing is taken and nothing comes: so long at most. */
  silentForMs: number;
}

/** Shorter than what servers keep a connection that is not used, so that few are met that they are just closing. */
const KEPT_MS = 4_000;
/** APIs send larger headers than callers may. */
const LARGEST_HEADERS = 64 * 1024;
/** A server that has not asked for the body by then may not know that it should. */
const CONTINUE_WITHIN_MS = 1_000;
/** An answer that nobody wants is read to its end where that is cheaper than another connection. */
const SMALL_BODY = 64 * 1024;

class Silence extends Error {
  readonly code = "EVERGRANT_SILENCE_TIMEOUT";
}

class Incomplete extends Error {
  readonly code = "ECONNRESET";
}

/** The way to APIs, with `node:http`: it tells interim answers, trailers and `Expect` as they come. */
export function createApiTransport(settings: ApiTransportSettings): ApiTransport & { close(): void } {
  const allowed = allowedHosts(settings);
  const connect = createConnector(settings);
  const underTls = keeping(new TlsAgent({ keepAlive: true, timeout: KEPT_MS }), "https:", connect);
  const inTheClear = keeping(new PlainAgent({ keepAlive: true, timeout: KEPT_MS }), "http:", connect);

  function open({ origin, method, path }: ApiRequest, headers: readonly string[], signal: AbortSignal): ClientRequest {
    const { protocol, hostname, port } = new URL(origin);
    const target = { method, path, headers, signal, hostname: bare(hostname), port, maxHeaderSize: LARGEST_HEADERS };
    return protocol === "https:"
      ? sendUnderTls({ ...target, agent: underTls })
      : sendInTheClear({ ...target, agent: inTheClear });
  }

  return {
    send: async (request, options) => {
      const refusal = refusedUrl(`${request.origin}/`, allowed);
      if (refusal) return { kind: "failure", sent: false, reason: refusal, isStale: false };
      try {
        const outgoing = open(request, linesFor(request), options.signal);
        outgoing.setTimeout(settings.silentForMs, () =>
          outgoing.destroy(new Silence("Nothing came and nothing went.")),
        );
        return await exchange(outgoing, request, options);
      } catch (error) {
        return { ...failureOf(error), isStale: false };
      }
    },
    close: () => {
      underTls.destroy();
      inTheClear.destroy();
    },
  };
}

/** An agent whose connections are those of the guarded connector. */
function keeping<A extends PlainAgent>(agent: A, protocol: string, connect: Connector): A {
  type Options = { host: string; port: number | string };
  type Created = (error: Error | null, socket?: Duplex) => void;
  return Object.assign(agent, {
    createConnection: ({ host, port }: Options, created: Created): void => {
      const target = { protocol, hostname: host, host, port: String(port) };
      connect(target, (...[error, socket]) => (error ? created(error) : created(null, socket)));
    },
  });
}

/** As headers: what the API has to know of the body, beside what the caller said. */
function linesFor({ method, headers, body, expectsContinue }: ApiRequest): string[] {
  const lines = headers.flat();
  if (expectsContinue) lines.push("Expect", "100-continue");
  if (headerOf(headers, "content-length") !== null) return lines;
  if (body) return [...lines, "Transfer-Encoding", "chunked"];
  // RFC 9110 §8.6: said where a body could be.
  return ["POST", "PUT", "PATCH"].includes(method) ? [...lines, "Content-Length", "0"] : lines;
}

function exchange(
  outgoing: ClientRequest,
  request: ApiRequest,
  { onInterim }: ApiSendOptions,
): Promise<ApiAnswer | ApiFailure> {
  return new Promise((resolve) => {
    const fail = (error: Error): void => resolve({ ...failureOf(error), isStale: outgoing.reusedSocket });
    outgoing.on("error", fail);
    outgoing.once("close", () => fail(new Incomplete("It ended without an answer.")));
    outgoing.once("response", (incoming) => resolve(answerOf(outgoing, incoming)));
    outgoing.on("information", ({ statusCode, rawHeaders }) => {
      if (statusCode !== 100) onInterim(statusCode, headerLines(rawHeaders));
    });
    void sendBody(outgoing, request);
  });
}

/** What goes wrong here is told by the events of the request. */
async function sendBody(outgoing: ClientRequest, { body, trailers, expectsContinue }: ApiRequest): Promise<void> {
  if (!body) return void outgoing.end();
  if (expectsContinue && !(await isInvited(outgoing))) return;
  try {
    await pipeline(body, outgoing, { end: false });
    outgoing.addTrailers(trailers().map(([name, value]): [string, string] => [name, value]));
    outgoing.end();
  } catch (error) {
    if (!outgoing.destroyed) outgoing.destroy(error instanceof Error ? error : new Incomplete("The body broke off."));
  }
}

/** Has the API asked for the body, or not said anything? False when it has answered without it. */
function isInvited(outgoing: ClientRequest): Promise<boolean> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = (invited: boolean) => (): void => {
      clearTimeout(timer);
      resolve(invited);
    };
    outgoing.once("socket", () => {
      timer = setTimeout(settle(true), CONTINUE_WITHIN_MS);
    });
    outgoing.once("continue", settle(true));
    outgoing.once("response", settle(false));
    outgoing.once("close", settle(false));
  });
}

function answerOf(outgoing: ClientRequest, incoming: IncomingMessage): ApiAnswer {
  incoming.on("error", () => undefined);
  // Nobody reads what is left of a body whose answer is complete.
  incoming.once("end", () => {
    if (!outgoing.writableEnded) outgoing.destroy();
  });
  return {
    kind: "answer",
    status: incoming.statusCode ?? 0,
    reason: incoming.statusMessage ?? "",
    headers: headerLines(incoming.rawHeaders),
    body: incoming,
    trailers: () => headerLines(incoming.rawTrailers),
    discard: () => {
      const isSmall = Number(incoming.headers["content-length"] ?? Infinity) <= SMALL_BODY;
      if (isSmall && outgoing.writableFinished) incoming.resume();
      else outgoing.destroy();
    },
  };
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}
