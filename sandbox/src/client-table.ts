import type { Database } from "better-sqlite3";

/** An OAuth client of the sandbox. */
export interface SandboxClient {
  clientId: string;
  clientSecret: string;
  /** Compared as they stand (RFC 9700 §2.1); http is fine. */
  redirectUris: string[];
  /** Enforced when given; without it HTTP Basic and the form field are both accepted. */
  tokenEndpointAuthMethod?: TokenEndpointAuthMethod;
  /** Where the client publishes what it signs with; for `private_key_jwt` (RFC 7591 §2). Http is fine. */
  jwksUri?: string;
  /** Its tokens are bound to a key (RFC 9449); with `nonce` its proofs need one that the server has given. */
  dpop?: DpopDemand;
}

export const dpopDemands = ["bound", "nonce"] as const;

export type DpopDemand = (typeof dpopDemands)[number];

export const tokenEndpointAuthMethods = [
  "client_secret_basic",
  "client_secret_post",
  "private_key_jwt",
  "none",
] as const;

export type TokenEndpointAuthMethod = (typeof tokenEndpointAuthMethods)[number];

export interface StoredClient extends SandboxClient {
  disabled: boolean;
}

export interface ClientTable {
  /** Adds or replaces; whether the client is disabled stays as it was. */
  put(client: SandboxClient): void;
  find(clientId: string): StoredClient | undefined;
  setDisabled(clientId: string, disabled: boolean): void;
  /** The only one then. */
  setSecret(clientId: string, secret: string): void;
  /** Another one beside those that there are. */
  addSecret(clientId: string, secret: string): void;
  /** Is it one of the client's secrets? */
  takes(clientId: string, secret: string): boolean;
}

interface Row {
  secret: string;
  redirect_uris: string;
  auth_method: TokenEndpointAuthMethod | null;
  jwks_uri: string | null;
  dpop: DpopDemand | null;
  disabled: 0 | 1;
}

export function createClientTable(database: Database): ClientTable {
  database.exec(`CREATE TABLE IF NOT EXISTS client (
    client_id TEXT PRIMARY KEY,
    secret TEXT NOT NULL,
    redirect_uris TEXT NOT NULL,
    auth_method TEXT,
    jwks_uri TEXT,
    dpop TEXT,
    disabled INTEGER NOT NULL DEFAULT 0
  )`);
  database.exec("CREATE TABLE IF NOT EXISTS added_secret (client_id TEXT NOT NULL, secret TEXT NOT NULL)");
  const put = database.prepare(
    `INSERT INTO client (client_id, secret, redirect_uris, auth_method, jwks_uri, dpop) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (client_id) DO UPDATE SET secret = excluded.secret, redirect_uris = excluded.redirect_uris,
       auth_method = excluded.auth_method, jwks_uri = excluded.jwks_uri, dpop = excluded.dpop`,
  );
  const find = database.prepare<[string], Row>(
    "SELECT secret, redirect_uris, auth_method, jwks_uri, dpop, disabled FROM client WHERE client_id = ?",
  );
  const setDisabled = database.prepare("UPDATE client SET disabled = ? WHERE client_id = ?");
  const setSecret = database.prepare("UPDATE client SET secret = ? WHERE client_id = ?");
  const addSecret = database.prepare("INSERT INTO added_secret (client_id, secret) VALUES (?, ?)");
  const forgetAdded = database.prepare("DELETE FROM added_secret WHERE client_id = ?");
  const findSecret = database.prepare<{ clientId: string; secret: string }>(
    `SELECT 1 FROM client WHERE client_id = @clientId AND secret = @secret
     UNION SELECT 1 FROM added_secret WHERE client_id = @clientId AND secret = @secret`,
  );

  return {
    put: ({ clientId, clientSecret, redirectUris, tokenEndpointAuthMethod = null, jwksUri = null, dpop = null }) =>
      void put.run(clientId, clientSecret, JSON.stringify(redirectUris), tokenEndpointAuthMethod, jwksUri, dpop),
    find: (clientId) => {
      const row = find.get(clientId);
      return row && read(clientId, row);
    },
    setDisabled: (clientId, disabled) => void setDisabled.run(disabled ? 1 : 0, clientId),
    setSecret: (clientId, secret) => {
      setSecret.run(secret, clientId);
      forgetAdded.run(clientId);
    },
    addSecret: (clientId, secret) => void addSecret.run(clientId, secret),
    takes: (clientId, secret) => findSecret.get({ clientId, secret }) !== undefined,
  };
}

function read(clientId: string, row: Row): StoredClient {
  return {
    clientId,
    clientSecret: row.secret,
    redirectUris: JSON.parse(row.redirect_uris),
    ...(row.auth_method && { tokenEndpointAuthMethod: row.auth_method }),
    ...(row.jwks_uri !== null && { jwksUri: row.jwks_uri }),
    ...(row.dpop && { dpop: row.dpop }),
    disabled: row.disabled === 1,
  };
}
