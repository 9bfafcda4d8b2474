import type { FetchFunction, WebClientOptions } from "@slack/web-api";
import type { Connection } from "../connection.ts";
import { EvergrantError } from "../evergrant-error.ts";
import { isJsonObject } from "../json-object.ts";
import { TemporarilyUnavailableError } from "../temporarily-unavailable-error.ts";
import { isResponse } from "./is-response.ts";
import { sendWithToken, type Refusal } from "./send-with-token.ts";

const SLACK_API = "https://slack.com/api/";

/** What the Web API says of a token that it does not take, with the status 200. */
const REFUSALS: ReadonlySet<unknown> = new Set([
  "token_expired",
  "invalid_auth",
  "token_revoked",
  "account_inactive",
  "not_authed",
]);

/**
 * Options of a `WebClient` that is made without a token: each of its requests gets one of the connection. The token goes to the origin of
 * `slackApiUrl` only: where files are uploaded to, the address itself is the permission.
 */
export function slackOptions(connection: Connection, options: WebClientOptions = {}): WebClientOptions {
  const { origin } = new URL(options.slackApiUrl ?? SLACK_API);
  const send: FetchFunction = options.fetch ?? fetch;
  return {
    ...options,
    retryConfig: failAtOnce(options.retryConfig),
    fetch: async (url, init = {}) => {
      if (new URL(url).origin !== origin) return send(url, init);
      return sendWithToken(connection, {
        send: (token) => send(url, { ...init, headers: { ...init.headers, Authorization: `Bearer ${token}` } }),
        refusal: refusalIn,
        repeatable: true,
        signal: init.signal,
      });
    },
  };
}

/** The answer is read a second time by the client. */
async function refusalIn(outcome: unknown): Promise<Refusal | undefined> {
  if (!isResponse(outcome)) return undefined;
  const { status, headers } = outcome;
  if (status === 401) return { status, wwwAuthenticate: headers.get("www-authenticate") ?? undefined };
  if (status !== 200 || !/\bjson\b/.test(headers.get("content-type") ?? "")) return undefined;
  const answer: unknown = await outcome
    .clone()
    .json()
    .catch(() => undefined);
  return isJsonObject(answer) && answer.ok === false && REFUSALS.has(answer.error) ? { status } : undefined;
}

/**
 * The client would try for half an hour what only a person can repair. Its retries are those of the package `p-retry`, which gives up
 * with what `onFailedAttempt` throws; so the application gets our error with its link, and not one around it.
 */
function failAtOnce(retryConfig: WebClientOptions["retryConfig"] = { retries: 10, factor: 1.96821, randomize: true }) {
  return {
    ...retryConfig,
    onFailedAttempt(error: Error) {
      const { cause } = error;
      if (cause instanceof EvergrantError && !(cause instanceof TemporarilyUnavailableError)) throw cause;
    },
  };
}
