import { AuthClient, GoogleAuth, type Credentials, type gaxios } from "google-auth-library";
import type { AccessToken } from "../access-token.ts";
import { isAboutToken } from "../about-token.ts";
import type { Connection } from "../connection.ts";
import { isReadOnce } from "../read-once.ts";
import { bearerToken } from "./bearer-token.ts";
import { isResponse } from "./is-response.ts";
import { sendWithToken, type Refusal } from "./send-with-token.ts";

type AuthClientOptions = ConstructorParameters<typeof AuthClient>[0];

/** The `auth` of googleapis and of the clients of Google Cloud: every request has a token of the connection that works. */
export function googleAuth(connection: Connection, options?: AuthClientOptions): GoogleAuth<EvergrantAuthClient> {
  return new GoogleAuth({ authClient: new EvergrantAuthClient(connection, options) });
}

/** The client of google-auth-library behind `googleAuth`, for whatever takes an `AuthClient`. */
export class EvergrantAuthClient extends AuthClient {
  readonly #connection: Connection;
  #generation = 0;

  constructor(connection: Connection, options?: AuthClientOptions) {
    super(options);
    this.#connection = connection;
  }

  async getAccessToken(): Promise<{ token: string }> {
    return { token: bearerToken(this.#note(await this.#connection.currentAccessToken())) };
  }

  async getRequestHeaders(): Promise<Headers> {
    return this.#headersWith((await this.getAccessToken()).token);
  }

  /** A 401 is reported and the request sent once more, unless its body is a stream: that rejects with `ReplayImpossibleError`. */
  async request<Data>(options: gaxios.GaxiosOptions): gaxios.GaxiosPromise<Data> {
    return sendWithToken(this.#noting(), {
      send: (accessToken) =>
        this.transporter.request<Data>({ ...options, headers: this.#headersWith(accessToken, options.headers) }),
      refusal: (outcome) => refusalIn(outcome, String(options.url)),
      repeatable: !bodiesOf(options).some(isReadOnce),
      signal: options.signal ?? undefined,
    });
  }

  #headersWith(accessToken: string, given?: gaxios.GaxiosOptions["headers"]): Headers {
    const headers = new Headers(given);
    headers.set("authorization", `Bearer ${accessToken}`);
    return this.addSharedMetadataHeaders(headers);
  }

  /** The connection, whose tokens this client knows of as soon as they come. */
  #noting(): Connection {
    const connection = this.#connection;
    return {
      ...connection,
      currentAccessToken: async (options) => this.#note(await connection.currentAccessToken(options)),
      rejected: async (options) => this.#note(await connection.rejected(options)),
    };
  }

  /** Other packages look into `credentials` for the end of the token, and listen to "tokens". */
  #note(token: AccessToken): AccessToken {
    if (token.generation === this.#generation) return token;
    this.#generation = token.generation;
    this.credentials = credentialsOf(token);
    this.emit("tokens", this.credentials);
    return token;
  }
}

/** The token is not enumerable, so that printing a client shows none. */
function credentialsOf({ accessToken, expiresAt, scope }: AccessToken): Credentials {
  const open: Credentials = {
    token_type: "Bearer",
    expiry_date: expiresAt?.getTime() ?? null,
    ...(scope !== null && { scope: scope.join(" ") }),
  };
  return Object.defineProperty(open, "access_token", { get: () => accessToken, enumerable: false });
}

function bodiesOf({ data, body, multipart }: gaxios.GaxiosOptions): unknown[] {
  return [data, body, ...(multipart ?? []).map(({ content }) => content)];
}

/** The transporter rejects with an error that has the response, unless `validateStatus` lets a 401 pass. */
function refusalIn(outcome: unknown, url: string): Refusal | undefined {
  const response = responseOf(outcome);
  if (response?.status !== 401 || !isAboutToken(response.url, url)) return undefined;
  return { status: 401, wwwAuthenticate: response.headers.get("www-authenticate") ?? undefined };
}

function responseOf(outcome: unknown): Response | undefined {
  if (!(outcome instanceof Error)) return isResponse(outcome) ? outcome : undefined;
  return "response" in outcome && isResponse(outcome.response) ? outcome.response : undefined;
}
