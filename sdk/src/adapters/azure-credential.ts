import type { AccessToken } from "../access-token.ts";
import type { Connection } from "../connection.ts";
import { bearerToken } from "./bearer-token.ts";

/** The part of `GetTokenOptions` (@azure/core-auth) that a connection has use for. */
interface GetTokenOptions {
  readonly abortSignal?: unknown;
  /** The claims that an API challenges for, as JSON (Continuous Access Evaluation). */
  readonly claims?: string;
}

interface AzureAccessToken {
  readonly token: string;
  readonly expiresOnTimestamp: number;
}

/** The `TokenCredential` of @azure/core-auth. */
export interface AzureCredential {
  /** The scopes are those that the connection was authorized for, whatever is asked. */
  getToken(scopes: string | string[], options?: GetTokenOptions): Promise<AzureAccessToken>;
}

/** How long a client may keep a token whose end the provider does not say. */
const UNKNOWN_LIFE_MS = 300_000;

/**
 * A credential for the clients of Azure. Claims that an API challenges for are passed on as a refusal of the token before; where a refresh
 * cannot bring them, `getToken` rejects with `ReauthorizationRequiredError`, whose link carries them.
 */
export function azureCredential(connection: Connection): AzureCredential {
  let last: AccessToken | undefined;

  async function tokenFor({ claims, abortSignal }: GetTokenOptions): Promise<AccessToken> {
    const signal = abortSignal instanceof AbortSignal ? abortSignal : undefined;
    if (claims === undefined) return connection.currentAccessToken({ signal });
    const { generation } = last ?? (await connection.currentAccessToken({ signal }));
    return connection.rejected({ generation, status: 401, wwwAuthenticate: challengeOf(claims), signal });
  }

  return {
    async getToken(_scopes, options = {}) {
      last = await tokenFor(options);
      const expiresOnTimestamp = last.expiresAt?.getTime() ?? Date.now() + UNKNOWN_LIFE_MS;
      return { token: bearerToken(last), expiresOnTimestamp };
    },
  };
}

/** As the API said it: clients hand over what `atob` made of its challenge. */
function challengeOf(claims: string): string {
  return `Bearer error="insufficient_claims", claims="${btoa(claims)}"`;
}
