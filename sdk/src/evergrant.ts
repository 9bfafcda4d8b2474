import { createConnection } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { createRecent } from "./recent.ts";
import { createService } from "./service.ts";
import { readApiKey, readMinTtl, readServiceUrl, readTimeoutMs } from "./service-options.ts";
import type { ServiceTracer } from "./service-tracer.ts";
import { createTokenSource } from "./token-source.ts";
import { traceService } from "./trace-service.ts";

/** Connections whose tokens are kept in memory; past it the least recently used one is forgotten. */
const KEPT_CONNECTIONS = 10_000;

/** Of one connection, the lives that are asked of its tokens. */
const KEPT_MIN_TTLS = 10;

export interface EvergrantOptions {
  /** Where the service listens, for example `http://127.0.0.1:4100`; a path prefix is kept. */
  readonly url: string;
  /** The key this application got from the service. It is sent to `url` and to no other place. */
  readonly apiKey: string;
  /** Sends every request, to the service and to the APIs; for tracing and for tests. Default: the global `fetch`. */
  readonly fetch?: typeof fetch | undefined;
  /** The longest one call to the service may take, in milliseconds. Calls to the APIs are not limited. Default 30,000. */
  readonly timeoutMs?: number | undefined;
  /**
   * The least time a token must still live to be sent, in seconds: longer than the longest request to an API that looks at the token
   * when the request ends. Default 60.
   */
  readonly minTtl?: number | undefined;
  /** Sees the calls of the service; `@evergrant/sdk/opentelemetry` makes one. */
  readonly tracer?: ServiceTracer | undefined;
}

export interface ConnectionOptions {
  /** The least time a token of this connection must still live to be sent, in seconds. Default: that of `createEvergrant`. */
  readonly minTtl?: number | undefined;
}

export interface Evergrant {
  /**
   * The connection with this id. No call is made, and the same id shares one token cache.
   * @throws TypeError when the id cannot be one, or an option cannot work.
   */
  connection(id: string, options?: ConnectionOptions): Connection;
}

/**
 * The client of one Evergrant service.
 * @throws TypeError when an option cannot work, before anything is sent.
 */
export function createEvergrant(options: EvergrantOptions): Evergrant {
  const send = options.fetch ?? fetch;
  const minTtl = readMinTtl(options.minTtl ?? 60);
  const untraced = createService({
    url: readServiceUrl(options.url),
    apiKey: readApiKey(options.apiKey),
    timeoutMs: readTimeoutMs(options.timeoutMs ?? 30_000),
    fetch: send,
  });
  const service = options.tracer === undefined ? untraced : traceService(untraced, options.tracer);
  const connections = createRecent(KEPT_CONNECTIONS, (id) => {
    const tokens = createTokenSource({ connectionId: id, service });
    return createRecent(KEPT_MIN_TTLS, (seconds) =>
      createConnection({ id, service, tokens, minTtl: Number(seconds), fetch: send }),
    );
  });
  return {
    connection(id, own = {}) {
      assertConnectionId(id);
      return connections.get(id).get(String(readMinTtl(own.minTtl ?? minTtl)));
    },
  };
}

/** "." and ".." would leave the path of the connection (RFC 3986, section 5.2.4), percent-encoding does not help. */
function assertConnectionId(id: string): void {
  if (typeof id !== "string" || ["", ".", ".."].includes(id)) {
    throw new TypeError('A connection id is text such as "con_...", as the service gave it.');
  }
}
