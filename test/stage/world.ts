import type { Client, ClientQuery } from "../../src/client/client.ts";
import { secretAddress } from "../../src/client/authentication.ts";
import { DEFAULT_CLIENT_SETTINGS } from "../../src/client/client.ts";
import type { NewConnection } from "../../src/connection/store.ts";
import { openAccessToken, openRefreshToken, sealTokenSet } from "../../src/connection/token-record.ts";
import { openKeyring, type Keyring } from "../../src/keyring/keyring.ts";
import { generateRootKey, parseRootKey } from "../../src/keyring/root-key.ts";
import type { Transport } from "../../src/oauth/http.ts";
import type { TokenSet } from "../../src/oauth/token-set.ts";
import { createCatalogue } from "../../src/provider/catalogue.ts";
import { providerSchema, type Provider } from "../../src/provider/provider.ts";
import { dueAt } from "../../src/refresh/due.ts";
import { createId } from "../../src/runtime/id.ts";
import { randomToken, type Random } from "../../src/runtime/random.ts";
import { secret } from "../../src/runtime/secret.ts";
import { createClientStore } from "../../src/store/clients.ts";
import type { TokenReadStore } from "../../src/access/store.ts";
import { createConnectSessionStore } from "../../src/store/connect-sessions.ts";
import { createTokenReadStore } from "../../src/store/token-reads.ts";
import { createConnectionStore } from "../../src/store/connections.ts";
import type { Database } from "../../src/store/database.ts";
import { createKeyStore } from "../../src/store/keys.ts";
import { createProviderStore } from "../../src/store/providers.ts";
import { hostsOf, type CatalogueEntry } from "./catalogue-entry.ts";
import type { ManualClock } from "./manual-clock.ts";
import {
  createSimulatedAuthorizationServer,
  type ServerBehaviour,
  type SimulatedAuthorizationServer,
} from "./simulated-authorization-server.ts";

export interface WorldOptions {
  clock: ManualClock;
  random: Random;
  database: Database;
  server?: Partial<ServerBehaviour>;
  /** What the first server is in the catalogue; without it, an entry that says what the server does. */
  entry?: CatalogueEntry;
}

export interface ConnectOptions {
  clientId?: string;
  server?: SimulatedAuthorizationServer;
  /** Seconds; null: not known. As the server's own unless given. */
  expiresIn?: number | null;
  /** Seconds that the refresh token lives unused, as the provider said. */
  refreshExpiresIn?: number;
  /** The provider gave none. */
  withoutRefreshToken?: boolean;
  /** When the user consented; unless given, now for an account that is named, and not known for any other. */
  consentedAt?: number;
  /** The account's id at the provider; another one for each connection unless given. */
  account?: string;
}

/** What outlives an instance of the service: time, a database, its keys, and the authorization servers outside. */
export interface World {
  clock: ManualClock;
  random: Random;
  database: Database;
  keyring: Keyring;
  catalogue: ReturnType<typeof createCatalogue>;
  clients: ReturnType<typeof createClientStore>;
  connections: ReturnType<typeof createConnectionStore>;
  sessions: ReturnType<typeof createConnectSessionStore>;
  tokenReads: TokenReadStore;
  /** Leads to the servers by the host in the request's URL. */
  transport: Transport;
  server: SimulatedAuthorizationServer;
  /** A client at `server`. */
  clientId: string;
  /** It answers at the hosts of its entry. */
  addServer(
    name: string,
    behaviour?: Partial<ServerBehaviour>,
    entry?: CatalogueEntry,
  ): Promise<SimulatedAuthorizationServer>;
  addClient(server: SimulatedAuthorizationServer): Promise<string>;
  /** A user consents, and the connection is stored. */
  connect(options?: ConnectOptions): Promise<string>;
  /** What is stored, opened. */
  tokensOf(connectionId: string): Promise<StoredTokens>;
}

export interface StoredTokens {
  generation: number;
  accessToken: string | undefined;
  refreshToken: string | undefined;
}

const SCOPES = ["files.read", "files.write"];
export const TENANT = "default";
export const EVERY_CLIENT: ClientQuery = { tenantId: TENANT, after: null, limit: 100, providerId: null };
export const CLIENT_SECRET = "client-secret-canary";

export async function createWorld({ clock, random, database, ...first }: WorldOptions): Promise<World> {
  const root = parseRootKey(generateRootKey(random).reveal());
  if (!root) throw new Error("A generated root key is not one.");
  const keys = createKeyStore(database, () => randomToken(random, 16));
  const keyring = await openKeyring({ keys, roots: { primary: root, others: [] }, random, clock });
  const servers = new Map<string, CatalogueEntry & { server: SimulatedAuthorizationServer }>();
  const clients = createClientStore(database);
  const connections = createConnectionStore(database);
  const catalogue = createCatalogue([], createProviderStore(database));

  async function addServer(name: string, own: Partial<ServerBehaviour> = {}, given?: CatalogueEntry) {
    const server = createSimulatedAuthorizationServer(clock, own);
    const entry = given ?? { provider: providerEntry(name, own), parameters: {} };
    for (const host of hostsOf(entry)) servers.set(host, { server, ...entry });
    await catalogue.put(entry.provider);
    return server;
  }

  async function addClient(server: SimulatedAuthorizationServer): Promise<string> {
    const found = [...servers.values()].find((entry) => entry.server === server);
    if (!found) throw new Error("This server is not of this world.");
    const id = createId("cli", clock, random);
    const secretId = createId("sec", clock, random);
    const sealed = await keyring.seal(secretAddress(TENANT, secretId), secret(CLIENT_SECRET));
    const { provider, parameters } = found;
    const settings = { ...DEFAULT_CLIENT_SETTINGS, providerParameters: parameters };
    const client = { ...clientAt(provider.id, id), authentication: provider.authentication, settings };
    await clients.create(client, { id: secretId, sealed });
    return id;
  }

  async function connect(options: ConnectOptions = {}): Promise<string> {
    const { clientId = world.clientId, server = world.server, refreshExpiresIn, account } = options;
    const expiresIn = options.expiresIn === undefined ? server.behaviour.lifetimeSeconds : options.expiresIn;
    const { accessToken, refreshToken } = server.authorize();
    const tokens: TokenSet = {
      accessToken: secret(accessToken),
      refreshToken: options.withoutRefreshToken === true ? null : secret(refreshToken),
      tokenType: "Bearer",
      obtainedAt: clock.now(),
      expiresAt: expiresIn === null ? null : clock.now() + expiresIn * 1000,
      refreshExpiresAt: refreshExpiresIn === undefined ? null : clock.now() + refreshExpiresIn * 1000,
      scope: SCOPES,
      answerFields: {},
      dpopKey: (await clients.find(clientId))?.dpopKey ?? null,
    };
    const id = createId("con", clock, random);
    const owner = { tenantId: TENANT, connectionId: id };
    const record = await sealTokenSet(keyring, owner, tokens, { generation: 1, origin: "connect" });
    const due = tokens.refreshToken ? dueAt(tokens, random) : tokens.expiresAt;
    const client = await clients.find(clientId);
    if (!client) throw new Error("There is no such client.");
    const history = { kind: "connected", generation: 1, detail: {} } as const;
    const { consentedAt = account === undefined ? null : clock.now() } = options;
    const connection = { ...newConnection(id, client), consentedAt };
    const named = account === undefined ? connection : { ...connection, account: { id: account, label: null } };
    await connections.create(named, record, due, history);
    return id;
  }

  async function tokensOf(connectionId: string): Promise<StoredTokens> {
    const held = await connections.snapshot(connectionId);
    if (!held) throw new Error("There is no such connection.");
    const owner = { tenantId: TENANT, connectionId };
    const accessToken = await openAccessToken(keyring, owner, held.tokens);
    const refreshToken = await openRefreshToken(keyring, owner, held.tokens);
    const { generation } = held.tokens;
    return { generation, accessToken: accessToken?.reveal(), refreshToken: refreshToken?.reveal() };
  }

  const transport: Transport = {
    send: (request, options) => {
      const found = servers.get(new URL(request.url).host);
      if (!found) return Promise.resolve({ kind: "failure", sent: false, reason: "dns" });
      return found.server.send(request, options);
    },
  };
  const server = await addServer("provider", first.server, first.entry);
  const clientId = await addClient(server);
  const sessions = createConnectSessionStore(database);
  const tokenReads = createTokenReadStore(database);
  const parts = { clock, random, database, keyring, catalogue, clients, connections, sessions, tokenReads, transport };
  const world: World = { ...parts, server, clientId, addServer, addClient, connect, tokensOf };
  return world;
}

/** The entry is honest about the server; one that is not tells what happens then. */
function replayOf({ rotation = true, reuse = "none" }: Partial<ServerBehaviour>): Provider["replay"] {
  if (!rotation) return { class: "static" };
  return typeof reuse === "string" ? { class: reuse } : { class: "window", seconds: reuse.windowMs / 1000 };
}

function providerEntry(name: string, behaviour: Partial<ServerBehaviour>): Provider {
  const base = `https://${name}.example`;
  return providerSchema.parse({
    id: name,
    name,
    authorization_url: `${base}/authorize`,
    token_url: `${base}/token`,
    userinfo_url: `${base}/userinfo`,
    authentication: "client_secret_post",
    replay: replayOf(behaviour),
    pace: { per_second: 1000, concurrent: 1000 },
  });
}

/** A client as it is stored. */
export function clientAt(providerId: string, id: string): Omit<Client, "createdAt"> {
  return {
    id,
    tenantId: TENANT,
    providerId,
    clientId: `client-at-${providerId}`,
    authentication: "client_secret_post",
    scopes: SCOPES,
    settings: DEFAULT_CLIENT_SETTINGS,
    publicUrl: null,
    suspension: null,
    learnedLife: null,
    dpopKey: null,
  };
}

/** A connection as it is stored. */
export function newConnection(
  id: string,
  { id: clientId, providerId }: Pick<Client, "id" | "providerId">,
): NewConnection {
  return {
    id,
    tenantId: TENANT,
    clientId,
    providerId,
    endUser: null,
    account: { id: `account-of-${id}`, label: null },
    requestedScopes: SCOPES,
    grantedScopes: SCOPES,
    status: "active",
    diagnosis: null,
    policy: "adaptive",
    labels: {},
    consentedAt: null,
    lastProvenAt: null,
  };
}
