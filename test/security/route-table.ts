import type { Scope } from "../../src/access/api-key.ts";

/** One thing of each kind, by its id. */
export interface Ids {
  connection: string;
  client: string;
  /** Of the client, and erased already. */
  secret: string;
  session: string;
  key: string;
  tenant: string;
  operator: string;
  campaign: string;
  virtual: string;
  /** Asked for by the owner of all the ids. */
  export: string;
  endpoint: string;
  incident: string;
}

/** A route of the API, and how to call it so that only the ids and the key can be wrong. */
export interface Route {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** As in the OpenAPI document. */
  path: string;
  scope: Scope;
  call: (ids: Ids) => { path: string; body?: unknown };
  /** The status for the owner of all the ids, in the order of the table. */
  forOwner: number;
  /** It is the operator's: administrators of other tenants may not call it. */
  isOperators?: true;
}

type Body = (ids: Ids) => unknown;

/** A route whose path holds the id of a thing. */
function about(
  kind: keyof Ids,
  [method, path, scope, forOwner]: [Route["method"], string, Scope, number],
  body?: Body,
): Route {
  const call: Route["call"] = (ids) => ({
    path: path
      .replace(/\{(id|tenant)\}/, ids[kind])
      .replace("{version}", "1")
      .replace("{secret}", ids.secret)
      .replace("{delivery}", "whd_none"),
    ...(body && { body: body(ids) }),
  });
  return { method, path, scope, forOwner, call };
}

/** A route whose path holds no id of a tenant's thing. */
function plain([method, path, scope, forOwner]: [Route["method"], string, Scope, number], body?: Body): Route {
  const called = path.replace("{id}", "made-by-test");
  return { method, path, scope, forOwner, call: (ids) => ({ path: called, ...(body && { body: body(ids) }) }) };
}

const endpoints = { authorization_url: "https://as.example/authorize", token_url: "https://as.example/token" };

/** What asks for an export of a client's connections, for somebody's key. */
export function exportOf(client: string) {
  const x = "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08";
  return { client, recipient_key: { kty: "OKP", crv: "X25519", x }, reason: "made by a test" };
}

/** An address at which the service may send, and nothing answers. */
export const NOBODY_LISTENS = "https://127.0.0.1:1/hook";

/** Every route under /v1. A new one is refused by `cross-tenant.test.ts` until it stands here; what ends things stands last. */
export const ROUTES: readonly Route[] = [
  plain(["GET", "/v1/providers", "connections:read", 200]),
  plain(["PUT", "/v1/providers/{id}", "clients:write", 200], () => ({ name: "Made by a test", ...endpoints })),
  plain(["GET", "/v1/providers/{id}", "connections:read", 200]),

  plain(["GET", "/v1/clients", "connections:read", 200]),
  plain(["POST", "/v1/clients", "clients:write", 201], () => ({
    provider: "google",
    client_id: "x",
    client_secret: "s",
  })),
  about("client", ["GET", "/v1/clients/{id}", "connections:read", 200]),
  about("client", ["PATCH", "/v1/clients/{id}", "clients:write", 200], () => ({ settings: { prove: false } })),
  about("client", ["GET", "/v1/clients/{id}/secrets", "connections:read", 200]),
  about("client", ["POST", "/v1/clients/{id}/secrets", "clients:write", 201], () => ({
    client_secret: "sandbox-client-secret-canary-1",
  })),
  // It is erased, and so neither staged nor there.
  about("client", ["POST", "/v1/clients/{id}/secrets/{secret}/promote", "clients:write", 409]),
  about("client", ["DELETE", "/v1/clients/{id}/secrets/{secret}", "clients:write", 404]),
  about("client", ["GET", "/v1/clients/{id}/security-events", "connections:read", 200]),
  about("client", ["PUT", "/v1/clients/{id}/security-events", "clients:write", 200], () => ({
    issuer: "https://issuer.example",
    slack_signing_secret: "made-by-a-test",
  })),
  plain(["GET", "/v1/security-events", "connections:read", 200]),
  // It has connections.
  about("client", ["DELETE", "/v1/clients/{id}", "clients:write", 409]),

  plain(["POST", "/v1/connect-sessions", "connections:write", 201], ({ client }) => ({ client })),
  about("session", ["GET", "/v1/connect-sessions/{id}", "connections:read", 200]),
  // Nobody has come back to it.
  about("session", ["POST", "/v1/connect-sessions/{id}/complete", "connections:write", 409], () => ({})),

  plain(["GET", "/v1/connections", "connections:read", 200]),
  plain(["POST", "/v1/connections/import", "connections:write", 201], ({ client }) => ({
    client,
    token_set: { refresh_token: "rt-of-elsewhere", access_token: "at-of-elsewhere", expires_in: 3600 },
  })),
  plain(["POST", "/v1/connections/import/preview", "connections:write", 200], ({ client }) => ({
    client,
    refresh_token: "rt-of-elsewhere",
  })),
  plain(["GET", "/v1/connections/handover", "connections:read", 200]),
  about("connection", ["GET", "/v1/connections/{id}", "connections:read", 200]),
  about("connection", ["GET", "/v1/connections/{id}/history", "connections:read", 200]),
  about("connection", ["PATCH", "/v1/connections/{id}", "connections:write", 200], () => ({
    labels: { touched: "yes" },
    policy: "eager",
    required_scopes: ["files.read"],
  })),
  about("connection", ["POST", "/v1/connections/{id}/refresh", "connections:write", 200]),
  about("connection", ["POST", "/v1/connections/{id}/check", "connections:write", 200]),
  about("connection", ["POST", "/v1/connections/{id}/reauthorization-link", "connections:write", 200]),
  about("connection", ["DELETE", "/v1/connections/{id}/reauthorization-link", "connections:write", 204]),
  // It is not held.
  about("connection", ["POST", "/v1/connections/{id}/release", "connections:write", 409]),
  about("connection", ["GET", "/v1/connections/{id}/access-token", "token:read", 200]),
  about("connection", ["POST", "/v1/connections/{id}/access-token/rejected", "token:read", 200], () => ({
    generation: 1,
    status: 401,
  })),
  // Its tokens are not bound to a key.
  about("connection", ["POST", "/v1/connections/{id}/dpop-proof", "token:read", 409], () => ({
    method: "GET",
    url: "https://api.example/files",
  })),
  about("connection", ["GET", "/v1/connections/{id}/reads", "connections:read", 200]),
  plain(["GET", "/v1/incidents", "connections:read", 200]),
  about("incident", ["GET", "/v1/incidents/{id}", "connections:read", 200]),
  about("incident", ["POST", "/v1/incidents/{id}/acknowledge", "connections:write", 200]),
  plain(["GET", "/v1/virtual-refresh-tokens", "keys:write", 200]),
  plain(["POST", "/v1/virtual-refresh-tokens", "keys:write", 201], ({ connection }) => ({ connection })),
  about("virtual", ["DELETE", "/v1/virtual-refresh-tokens/{id}", "keys:write", 204]),
  about("connection", ["DELETE", "/v1/connections/{id}", "connections:write", 200]),

  plain(["GET", "/v1/overview", "connections:read", 200]),
  {
    ...plain(["GET", "/v1/refreshes/series", "connections:read", 200]),
    call: () => ({ path: "/v1/refreshes/series?step=hour&from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z" }),
  },
  plain(["GET", "/v1/refreshes/health", "connections:read", 200]),

  plain(["GET", "/v1/campaigns", "connections:read", 200]),
  {
    ...plain(["GET", "/v1/campaigns/preview", "connections:read", 200]),
    call: () => ({ path: "/v1/campaigns/preview?incident=inc_none" }),
  },
  plain(["GET", "/v1/installation", "connections:read", 200]),
  // All that wait are asked by another.
  plain(["POST", "/v1/campaigns", "connections:write", 409], ({ client }) => ({ client })),
  about("campaign", ["GET", "/v1/campaigns/{id}", "connections:read", 200]),
  about("campaign", ["GET", "/v1/campaigns/{id}/connections", "connections:read", 200]),
  about("campaign", ["POST", "/v1/campaigns/{id}/cancel", "connections:write", 200]),

  plain(["GET", "/v1/api-keys", "keys:write", 200]),
  plain(["POST", "/v1/api-keys", "keys:write", 201], () => ({ name: "x", scopes: ["token:read"] })),
  about("key", ["POST", "/v1/api-keys/{id}/rotate", "keys:write", 201]),
  about("key", ["DELETE", "/v1/api-keys/{id}", "keys:write", 204]),

  plain(["POST", "/v1/agent-tokens", "token:read", 201], ({ connection }) => ({ connections: [connection] })),

  plain(["GET", "/v1/exports", "admin", 200]),
  plain(["POST", "/v1/exports", "admin", 201], ({ client }) => exportOf(client)),
  about("export", ["GET", "/v1/exports/{id}", "admin", 200]),
  // Who has asked for it cannot approve it.
  about("export", ["POST", "/v1/exports/{id}/approve", "admin", 403], () => ({ fingerprint: "x" })),
  about("export", ["POST", "/v1/exports/{id}/fetch", "admin", 409]),
  about("export", ["POST", "/v1/exports/{id}/refuse", "admin", 200]),

  plain(["GET", "/v1/audit", "audit:read", 200]),
  { ...plain(["GET", "/v1/tenants", "admin", 200]), isOperators: true },
  { ...plain(["POST", "/v1/tenants", "admin", 201], () => ({ name: "Made by a test" })), isOperators: true },
  about("tenant", ["GET", "/v1/tenants/{id}", "admin", 200]),
  // It is the operator's own.
  about("tenant", ["PATCH", "/v1/tenants/{id}", "admin", 409], () => ({ name: "Renamed" })),
  about("tenant", ["DELETE", "/v1/tenants/{id}", "admin", 409], () => ({ confirm: "Default" })),

  plain(["GET", "/v1/webhook-endpoints", "webhooks:read", 200]),
  plain(["POST", "/v1/webhook-endpoints", "webhooks:write", 201], () => ({ url: NOBODY_LISTENS })),
  about("endpoint", ["GET", "/v1/webhook-endpoints/{id}", "webhooks:read", 200]),
  about("endpoint", ["PATCH", "/v1/webhook-endpoints/{id}", "webhooks:write", 200], () => ({ description: "Changed" })),
  about("endpoint", ["POST", "/v1/webhook-endpoints/{id}/secrets", "webhooks:write", 201]),
  // It is a client's.
  about("endpoint", ["DELETE", "/v1/webhook-endpoints/{id}/secrets/{secret}", "webhooks:write", 404]),
  about("endpoint", ["POST", "/v1/webhook-endpoints/{id}/test", "webhooks:write", 200]),
  about("endpoint", ["GET", "/v1/webhook-endpoints/{id}/deliveries", "webhooks:read", 200]),
  // There is none.
  about("endpoint", ["POST", "/v1/webhook-endpoints/{id}/deliveries/{delivery}/replay", "webhooks:write", 404]),
  about("endpoint", ["POST", "/v1/webhook-endpoints/{id}/replay", "webhooks:write", 202], () => ({
    since: "2020-01-01T00:00:00Z",
  })),
  about("endpoint", ["DELETE", "/v1/webhook-endpoints/{id}", "webhooks:write", 204]),

  plain(["GET", "/v1/operator-sessions", "admin", 200]),
  plain(["POST", "/v1/operator-sessions", "admin", 201]),
  // The key has no session.
  plain(["GET", "/v1/operator-sessions/current", "connections:read", 404]),
  plain(["DELETE", "/v1/operator-sessions/current", "connections:read", 404]),
  about("operator", ["DELETE", "/v1/operator-sessions/{id}", "admin", 204]),

  { ...plain(["GET", "/v1/keys/root", "admin", 200]), isOperators: true },
  { ...plain(["POST", "/v1/keys/root/rotate", "admin", 200]), isOperators: true },
  about("tenant", ["GET", "/v1/keys/tenants/{tenant}", "admin", 200]),
  about("tenant", ["POST", "/v1/keys/tenants/{tenant}/rotate", "admin", 202]),
  about("tenant", ["GET", "/v1/keys/tenants/{tenant}/rekey", "admin", 200]),
  // It is the newest.
  about("tenant", ["POST", "/v1/keys/tenants/{tenant}/versions/{version}/retire", "admin", 409]),
  // It is not confirmed.
  about("tenant", ["DELETE", "/v1/keys/tenants/{tenant}", "admin", 400], () => ({ confirm: "" })),
];

/** Ids of the right shape that nobody has. */
export const UNKNOWN: Ids = {
  connection: `con_${"0".repeat(26)}`,
  client: `cli_${"0".repeat(26)}`,
  secret: `sec_${"0".repeat(26)}`,
  session: `cs_${"0".repeat(26)}`,
  key: `key_${"0".repeat(26)}`,
  tenant: `ten_${"0".repeat(26)}`,
  operator: `ops_${"0".repeat(26)}`,
  virtual: `vrt_${"0".repeat(26)}`,
  campaign: `cam_${"0".repeat(26)}`,
  export: `exp_${"0".repeat(26)}`,
  endpoint: `whe_${"0".repeat(26)}`,
  incident: `inc_${"0".repeat(26)}`,
};

/** What tells a route that is called with an id from one that is not. */
export const NONE: Ids = {
  connection: "",
  client: "",
  secret: "",
  session: "",
  key: "",
  tenant: "",
  operator: "",
  virtual: "",
  campaign: "",
  export: "",
  endpoint: "",
  incident: "",
};
