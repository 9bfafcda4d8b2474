import { randomBytes } from "node:crypto";
import type { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type OidcProvider from "oidc-provider";
import type { Account, Configuration, JWK, KoaContextWithOIDC } from "oidc-provider";
import type { BehaviourSwitches } from "./behaviour.ts";
import { tokenEndpointAuthMethods } from "./client-table.ts";
import { Provider, errors } from "./oidc-provider-library.ts";
import { renderErrorPage } from "./interaction-html.ts";
import { createProviderAdapter } from "./provider-adapter.ts";
import { applyReuse } from "./refresh-token-reuse.ts";
import type { Observe } from "./sandbox-event.ts";
import { scopes } from "./scopes.ts";
import type { Store } from "./store.ts";

export const paths = {
  authorization: "/authorize",
  token: "/token",
  revocation: "/revoke",
  interaction: "/interaction/",
};

interface Deps {
  issuer: string;
  store: Store;
  behaviour: BehaviourSwitches;
  signingKey: JWK;
  observe: Observe;
}

/** oidc-provider, set up to follow the switches. */
export function createAuthorizationServer({ issuer, store, behaviour, signingKey, observe }: Deps): OidcProvider {
  const provider = new Provider(issuer, {
    ...fixedConfiguration,
    adapter: createProviderAdapter(store),
    jwks: { keys: [signingKey] },
    features: { ...fixedConfiguration.features, dPoP: proofsOfKeys(store) },
    ttl: { ...lifetimes, AccessToken: () => behaviour.current().accessTokenLifetimeSeconds },
    rotateRefreshToken: () => behaviour.current().rotation,
    issueRefreshToken: (_ctx, _client, source) =>
      !behaviour.current().offlineAccessRequired || source.scopes.has("offline_access"),
    findAccount: (_ctx, user, token) => {
      if (token?.kind === "RefreshToken" && token.consumed !== undefined) {
        observe({ kind: "reuse_detected", user });
        applyReuse(token, behaviour.current().reuse);
      }
      return store.users.has(user) ? account(user) : undefined;
    },
  });
  takeAddedSecrets(provider, store);
  provider.use(forgetSession);
  provider.use(takeTime(behaviour));
  provider.on("server_error", (_ctx, error) => observe({ kind: "server_error", message: error.message }));
  const koa: EventEmitter = provider;
  koa.on("error", (error: Error) => observe({ kind: "server_error", message: error.message }));
  return provider;
}

/** Every start has nonces of its own, so that a restart makes those that clients remember worthless. */
function proofsOfKeys({ clients }: Pick<Store, "clients">) {
  const wantsNonce = (clientId: string | undefined) =>
    clientId !== undefined && clients.find(clientId)?.dpop === "nonce";
  return {
    enabled: true,
    nonceSecret: randomBytes(32),
    requireNonce: ({ oidc }: KoaContextWithOIDC) => wantsNonce(oidc.client?.clientId),
  };
}

/** oidc-provider knows one secret of a client. */
function takeAddedSecrets({ Client: { prototype } }: OidcProvider, { clients }: Pick<Store, "clients">): void {
  prototype.compareClientSecret = function (actual) {
    return clients.takes(this.clientId, actual);
  };
}

type Middleware = Parameters<OidcProvider["use"]>[0];

const fixedConfiguration: Configuration = {
  routes: {
    authorization: paths.authorization,
    token: paths.token,
    userinfo: "/userinfo",
    revocation: paths.revocation,
  },
  responseTypes: ["code"],
  scopes: [...scopes.keys()],
  claims: { openid: ["sub"], profile: ["name", "preferred_username"], email: ["email", "email_verified"] },
  clientAuthMethods: [...tokenEndpointAuthMethods],
  features: {
    devInteractions: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    resourceIndicators: { enabled: false },
    rpInitiatedLogout: { enabled: false },
    // RFC 7009 §2.1: the token of another client is refused, not silently kept.
    revocation: {
      enabled: true,
      allowedPolicy: (_ctx, client, token) => {
        if (token.clientId === client.clientId) return true;
        throw new errors.InvalidRequest("the token belongs to another client");
      },
    },
  },
  // The keys of clients lie on this machine, where the library's own guard lets nothing go.
  fetch: (url, init) => fetch(url, { headers: init?.headers ?? {}, signal: init?.signal ?? null }),
  interactions: { url: (_ctx, interaction) => paths.interaction + interaction.uid },
  // A token that has expired is refused that second: tests count on it.
  clockTolerance: 0,
  // Tokens never end with the browser session: a connection outlives it.
  expiresWithSession: () => false,
  clientBasedCORS: () => false,
  renderError: (ctx, out) => {
    ctx.type = "html";
    ctx.body = renderErrorPage(out.error, out.error_description);
  },
};

const hour = 3600;
const year = 365 * 24 * hour;
const lifetimes = { Interaction: hour, Session: hour, IdToken: hour, RefreshToken: year, Grant: 10 * year };

function account(user: string): Account {
  return {
    accountId: user,
    claims: () => ({
      sub: user,
      name: user.charAt(0).toUpperCase() + user.slice(1),
      preferred_username: user,
      email: `${encodeURIComponent(user)}@sandbox.example`,
      email_verified: true,
    }),
  };
}

/**
 * A new authorization request starts without a session. So the page always asks who signs in, and each authorization
 * becomes a grant of its own: revoking one family leaves the user's other connections alone.
 */
const forgetSession: Middleware = (ctx, next) => {
  if (ctx.path === paths.authorization) delete ctx.req.headers.cookie;
  return next();
};

/** Lets the token endpoint be slow. What it does is done and kept before the second part of the delay. */
function takeTime(behaviour: BehaviourSwitches): Middleware {
  return async (ctx, next) => {
    const delay = ctx.path === paths.token ? behaviour.current().tokenEndpointDelay : null;
    if (delay === null) return next();
    const wholeMs = delay.fromMs + Math.random() * (delay.toMs - delay.fromMs);
    const beforeMs = Math.random() * wholeMs;
    await sleep(beforeMs);
    await next();
    await sleep(wholeMs - beforeMs);
  };
}
