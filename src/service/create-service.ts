import type { RequestListener } from "node:http";
import { DEFAULT_TENANT } from "../access/store.ts";
import type { AccessToken } from "../refresh/access-token.ts";
import { SECOND } from "../runtime/clock.ts";

import type { Secret } from "../runtime/secret.ts";
import { createInjectedFetch } from "./injected-fetch.ts";
import { openService } from "./open-service.ts";
import { readSettings } from "./settings.ts";
import { realSystem, systemClock, systemRandom } from "./system.ts";

export type { AccessToken } from "../refresh/access-token.ts";
export { ServiceError } from "../runtime/service-error.ts";
export { StartError } from "./start-error.ts";

/** One instance of the service inside an application: it refreshes, answers, and listens nowhere. */
export interface InProcessService {
  /**
   * A working access token, from the engine itself. Rejects with `ServiceError`, whose `code` is that of the API and whose
   * `facts.reauthorizationUrl` is the link when a person must act.
   */
  accessToken(connectionId: string, options?: AccessTokenOptions): Promise<AccessToken>;
  /** The API refused a token: a newer one, of one forced refresh at most. Rejects with `ServiceError`. */
  rejected(connectionId: string, refusal: TokenRefusal): Promise<AccessToken>;
  /**
   * `fetch` for the API of this instance, without a socket: for the SDK's option `fetch`, and for everything that is not reading
   * tokens. Every call needs an API key, as anywhere. The host of the URL is not looked at, and redirects are not followed.
   */
  fetch: typeof fetch;
  /** Answers requests of the application's own server: the pages that browsers visit, under `EVERGRANT_PUBLIC_URL`. */
  listener: RequestListener;
  /** A new admin key, to be kept; null when the database had one already. */
  newAdminKey: Secret<string> | null;
  /** Takes nothing new, finishes what was sent to providers, closes the database. */
  close(this: void): Promise<void>;
}

export interface AccessTokenOptions {
  /** Seconds that the token should still live; met as far as its own life allows. Default 60. */
  minTtl?: number;
  /** Whose connection it is. Default: the one tenant of those who never made another. */
  tenant?: string;
}

export interface TokenRefusal {
  /** Of the refused token. */
  generation: number;
  /** HTTP status of the API's answer. */
  status: number;
  /** Its `WWW-Authenticate`, if it sent one. */
  wwwAuthenticate?: string;
  tenant?: string;
}

export interface InProcessOptions {
  /** Where log lines go, one JSON object each. Default: stdout. */
  log?: { write(line: string): void };
}

/**
 * Runs the service inside an application, on a database of its own. The settings are those of the process (docs/cli.md), under the same
 * names; `EVERGRANT_HOST` and `EVERGRANT_PORT` mean nothing here. Throws `StartError` before any provider is asked.
 */
export async function createService(
  environment: Readonly<Record<string, string | undefined>> = process.env,
  { log }: InProcessOptions = {},
): Promise<InProcessService> {
  const system = log ? { clock: systemClock, random: systemRandom, log } : realSystem();
  const opened = await openService(readSettings(environment), system);
  const { app, accessTokens, newAdminKey, begin, close } = opened;
  await app.ready();
  begin(null);
  return {
    accessToken: (connectionId, { minTtl = 60, tenant: tenantId = DEFAULT_TENANT } = {}) =>
      accessTokens.read({ tenantId, connectionId, minTtlMs: minTtl * SECOND }),
    rejected: (connectionId, { generation, status, wwwAuthenticate: challenge = null, tenant = DEFAULT_TENANT }) =>
      accessTokens.rejected({ tenantId: tenant, connectionId, generation, status, challenge }),
    fetch: createInjectedFetch(app),
    listener: (request, response) => void app.server.emit("request", request, response),
    newAdminKey,
    close,
  };
}
