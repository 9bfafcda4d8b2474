import { isAboutToken } from "../about-token.ts";
import type { Connection } from "../connection.ts";
import { isJsonObject } from "../json-object.ts";
import { isReadOnce } from "../read-once.ts";
import { bearerToken } from "./bearer-token.ts";
import { sendWithToken, type Refusal } from "./send-with-token.ts";

/** What Octokit answers to `octokit.auth()`. */
export interface EvergrantAuthentication {
  readonly type: "token";
  readonly tokenType: "oauth";
  readonly token: string;
}

/** The part of Octokit's `request` that a strategy uses. */
interface OctokitRequest<Options, Answer> {
  (options: Options): Promise<Answer>;
  readonly endpoint: { merge(route: unknown, parameters?: unknown): Options };
}

interface OctokitEndpoint {
  url: string;
  baseUrl?: string;
  headers: Record<string, unknown>;
  data?: unknown;
}

/** The `authStrategy` of Octokit; the connection is its `auth`. */
export interface EvergrantAuth {
  (): Promise<EvergrantAuthentication>;
  hook<Options extends OctokitEndpoint, Answer>(
    request: OctokitRequest<Options, Answer>,
    route: unknown,
    parameters?: unknown,
  ): Promise<Answer>;
}

/** `new Octokit({ authStrategy: createEvergrantAuth, auth: { connection } })` sends every request with a token that works. */
export function createEvergrantAuth({ connection }: { readonly connection: Connection }): EvergrantAuth {
  const authenticate = async (): Promise<EvergrantAuthentication> => {
    return { type: "token", tokenType: "oauth", token: bearerToken(await connection.currentAccessToken()) };
  };
  return Object.assign(authenticate, {
    hook: async <Options extends OctokitEndpoint, Answer>(
      request: OctokitRequest<Options, Answer>,
      route: unknown,
      parameters?: unknown,
    ) => {
      const endpoint = request.endpoint.merge(route, parameters);
      return sendWithToken(connection, {
        send: (token) => request({ ...endpoint, headers: { ...endpoint.headers, authorization: `Bearer ${token}` } }),
        refusal: (outcome) => refusalIn(outcome, endpoint),
        repeatable: !isReadOnce(endpoint.data),
      });
    },
  });
}

/** Octokit rejects with an error that has the response: `{ status, url, headers }`. */
function refusalIn(outcome: unknown, { url, baseUrl }: OctokitEndpoint): Refusal | undefined {
  if (!(outcome instanceof Error) || !("response" in outcome) || !isJsonObject(outcome.response)) return undefined;
  const { status, url: answeredBy, headers } = outcome.response;
  if (status !== 401 || !isAboutToken(text(answeredBy), url, baseUrl)) return undefined;
  return { status: 401, wwwAuthenticate: isJsonObject(headers) ? text(headers["www-authenticate"]) : undefined };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
