import type { HttpRequest, Transport, TransportResult } from "../../src/oauth/http.ts";
import { within, type Clock } from "../../src/runtime/clock.ts";
import { answer, type Play } from "./plays.ts";

export interface ServerBehaviour {
  /** Every refresh replaces the refresh token. Off: the answer holds none, and the old one stays good. */
  rotation: boolean;
  /**
   * What a used refresh token brings: an error, the end of its whole family, or the same successor again: for a while, or until
   * that one is used.
   */
  reuse: "none" | "punished" | "until_used" | { windowMs: number };
  /** `expires_in`; null leaves it out. */
  lifetimeSeconds: number | null;
  /** A refresh ends the access tokens that its family had before. */
  oneAccessToken: boolean;
}

/** A token request as the server got it. */
export interface TokenRequest {
  at: number;
  url: string;
  refreshToken: string;
  form: URLSearchParams;
  headers: Record<string, string>;
}

export interface IssuedTokens {
  accessToken: string;
  refreshToken: string;
}

/** A token endpoint in memory, on the test's clock, and the only witness of which tokens are still good. */
export interface SimulatedAuthorizationServer extends Transport {
  /** May be changed at any time. */
  behaviour: ServerBehaviour;
  readonly requests: readonly TokenRequest[];
  /** A user consents: the first tokens of a new family. */
  authorize(): IssuedTokens;
  /** The next requests are answered so, in this order; after that the server acts by itself again. */
  script(...plays: Play[]): void;
  /** Every request that no script is left for is answered so; null: the server acts by itself again. */
  always(play: Play | null): void;
  /** The user withdraws consent: all tokens of the family of `refreshToken` are dead. */
  revoke(refreshToken: string): void;
  /** Would this refresh token bring tokens now? */
  accepts(refreshToken: string): boolean;
  /** Would a resource server take this access token now? */
  acceptsAccess(accessToken: string): boolean;
  /** How often a refresh token came that had been used before. */
  reuses(): number;
  /** The access tokens that came to the userinfo endpoint; scripts are not for those requests. */
  readonly userinfoRequests: readonly string[];
}

interface Family {
  name: string;
  issued: number;
  revoked: boolean;
}

interface RefreshToken {
  family: Family;
  used: { at: number; successor: string } | null;
}

interface AccessToken {
  family: Family;
  expiresAt: number;
}

const DEFAULTS: ServerBehaviour = { rotation: true, reuse: "none", lifetimeSeconds: 3600, oneAccessToken: false };

export function createSimulatedAuthorizationServer(
  clock: Clock,
  behaviour: Partial<ServerBehaviour> = {},
): SimulatedAuthorizationServer {
  const requests: TokenRequest[] = [];
  const userinfoRequests: string[] = [];
  const refreshTokens = new Map<string, RefreshToken>();
  const accessTokens = new Map<string, AccessToken>();
  const script: Play[] = [];
  let standing: Play | null = null;
  let families = 0;
  let reuses = 0;

  function issueRefreshToken(family: Family): string {
    const text = `refresh-${family.name}-${++family.issued}`;
    refreshTokens.set(text, { family, used: null });
    return text;
  }

  function issueAccessToken(family: Family): string {
    if (server.behaviour.oneAccessToken) endAccessTokens(family);
    const text = `access-${family.name}-${accessTokens.size + 1}`;
    const life = (server.behaviour.lifetimeSeconds ?? Number.POSITIVE_INFINITY) * 1000;
    accessTokens.set(text, { family, expiresAt: clock.now() + life });
    return text;
  }

  function endAccessTokens(family: Family): void {
    for (const token of accessTokens.values()) if (token.family === family) token.expiresAt = clock.now();
  }

  /** RFC 6749 §6. */
  function refresh(sent: string): TransportResult {
    const token = refreshTokens.get(sent);
    if (token?.used) {
      reuses++;
      if (server.behaviour.reuse === "punished") token.family.revoked = true;
    }
    if (!token || !server.accepts(sent)) {
      return answer(400, { error: "invalid_grant", error_description: "The refresh token is not valid." });
    }
    return answer(200, {
      access_token: issueAccessToken(token.family),
      token_type: "Bearer",
      ...(server.behaviour.rotation && { refresh_token: rotate(token) }),
      ...(server.behaviour.lifetimeSeconds !== null && { expires_in: server.behaviour.lifetimeSeconds }),
    });
  }

  function rotate(token: RefreshToken): string {
    token.used ??= { at: clock.now(), successor: issueRefreshToken(token.family) };
    return token.used.successor;
  }

  function mayBeReused({ at, successor }: NonNullable<RefreshToken["used"]>): boolean {
    const { reuse } = server.behaviour;
    if (reuse === "until_used") return refreshTokens.get(successor)?.used === null;
    return typeof reuse === "object" && clock.now() - at < reuse.windowMs;
  }

  /** RFC 6750 §2.1. */
  function userinfo({ headers }: HttpRequest): TransportResult {
    const accessToken = headers["authorization"]?.replace(/^Bearer /, "") ?? "";
    userinfoRequests.push(accessToken);
    return server.acceptsAccess(accessToken)
      ? answer(200, { sub: "account" })
      : answer(401, { error: "invalid_token" });
  }

  function receive({ url, headers, body }: HttpRequest): TokenRequest {
    const form = new URLSearchParams(body);
    const request = { at: clock.now(), url, headers, form, refreshToken: form.get("refresh_token") ?? "" };
    requests.push(request);
    return request;
  }

  const server: SimulatedAuthorizationServer = {
    behaviour: { ...DEFAULTS, ...behaviour },
    requests,
    authorize: () => {
      const family = { name: `${++families}`, issued: 0, revoked: false };
      return { accessToken: issueAccessToken(family), refreshToken: issueRefreshToken(family) };
    },
    script: (...plays) => void script.push(...plays),
    always: (play) => void (standing = play),
    revoke: (refreshToken) => {
      const token = refreshTokens.get(refreshToken);
      if (!token) throw new Error(`This server never issued ${refreshToken}.`);
      token.family.revoked = true;
    },
    accepts: (refreshToken) => {
      const token = refreshTokens.get(refreshToken);
      if (!token || token.family.revoked) return false;
      return token.used === null || mayBeReused(token.used);
    },
    acceptsAccess: (accessToken) => {
      const token = accessTokens.get(accessToken);
      return token !== undefined && !token.family.revoked && token.expiresAt > clock.now();
    },
    reuses: () => reuses,
    userinfoRequests,
    send: async (request, { deadlineMs }) => {
      if (request.url.endsWith("/userinfo")) return userinfo(request);
      const { refreshToken } = receive(request);
      const play = script.shift() ?? standing;
      const act = () => refresh(refreshToken);
      const result = await within(clock, deadlineMs, Promise.resolve(play ? play(act) : act()));
      return result ?? { kind: "failure", sent: true, reason: "timeout" };
    },
  };
  return server;
}
