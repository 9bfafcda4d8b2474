import { MINUTE } from "../runtime/clock.ts";
import type { ClientSecretStore, NewSecret } from "./client-secret.ts";
import type { DpopKeyStore, SealedDpopKey } from "./dpop-key.ts";
import type { LearnedLife } from "./learned-life.ts";
import type { AuthenticationMethod } from "../oauth/client-authentication.ts";

/** An OAuth client registered at a provider. */
export interface Client {
  id: string;
  tenantId: string;
  providerId: string;
  /** The identifier that the provider issued (RFC 6749 §2.2). */
  clientId: string;
  authentication: AuthenticationMethod;
  scopes: string[];
  settings: ClientSettings;
  /** Where browsers reach the service for this client, if not where they reach the installation: its own address, or its tenant's. */
  publicUrl: string | null;
  /** Set while the provider refuses the client itself: nothing is refreshed, no connection is touched. */
  suspension: Suspension | null;
  /** Access tokens end sooner than their server says; null when none was seen to. */
  learnedLife: LearnedLife | null;
  /** Thumbprint of the key that token sets are bound to from the next consent on (RFC 9449); null: to none. */
  dpopKey: string | null;
  createdAt: number;
}

export interface ClientSettings {
  /** Where a user may be sent after connecting; compared exactly. */
  returnUrls: string[];
  /** Ask for a refresh token; off only for clients that want access while the user is present. */
  offlineAccess: boolean;
  /** Refresh right after the code exchange, so that a connection that cannot be refreshed is known in the first second. */
  prove: boolean;
  /** More parameters of the authorization request, over the provider's own. */
  authorizationParameters: Record<string, string>;
  /** Which authorization server of its family the provider is: what stands in the entry's URLs. */
  providerParameters: Record<string, string>;
  /** Who client assertions are for, where the server does not go by the URL of its endpoint (RFC 7523 §3); null: that URL. */
  assertionAudience: string | null;
  /** The client is in a test status at the provider, where refresh tokens live seven days (Google's "Testing"). */
  testing: boolean;
  /** Asked for with every consent; a connection without one of them is degraded. */
  requiredScopes: string[];
  /** A connection that nothing has proven for so many days is asked about with the access token that it has; 0: none is. */
  probeEveryDays: number;
  /** Hosts that the proxy may carry its tokens to, beside those of the provider's entry. */
  proxyHosts: string[];
}

export const DEFAULT_CLIENT_SETTINGS: ClientSettings = {
  returnUrls: [],
  offlineAccess: true,
  prove: false,
  authorizationParameters: {},
  providerParameters: {},
  assertionAudience: null,
  testing: false,
  requiredScopes: [],
  probeEveryDays: 7,
  proxyHosts: [],
};

export interface Suspension {
  cause: "client_secret_rejected" | "client_disabled";
  /** The provider's own error code. */
  code: string;
  since: number;
  /** When one refresh may try again whether the provider accepts the client. */
  probeAt: number;
}

/** While a client is suspended, one refresh this often asks whether the provider accepts it again. */
export const PROBE_INTERVAL = MINUTE;

export type NewClient = Omit<Client, "createdAt" | "learnedLife" | "dpopKey">;

export interface ClientChanges extends Partial<Pick<Client, "scopes" | "settings">> {
  /** A new key, or null, for token sets from the next consent on. Those that there are go on as they are. */
  dpopKey?: SealedDpopKey | null;
  /** Names this change of the required scopes, of which its connections are to be told. */
  scopesChange?: string;
}

/** A change of a client's required scopes of which not all of its connections know. */
export interface ScopesChange {
  clientId: string;
  change: string;
  /** The last connection that was looked at; null: none was. */
  lookedTo: string | null;
}

export interface ClientQuery {
  tenantId: string;
  /** Clients with ids beyond this one; null: from the first. */
  after: string | null;
  limit: number;
  providerId: string | null;
}

export type Deletion = { kind: "deleted" | "unknown" } | { kind: "in_use"; connections: number };

/** A client that was deleted is found by nobody. */
export interface ClientStore extends ClientSecretStore, DpopKeyStore {
  /** A `publicUrl` is then the client's own, whatever becomes of its tenant's. */
  create(client: NewClient, secret: NewSecret | null, dpopKey?: SealedDpopKey | null): Promise<void>;
  find(id: string): Promise<Client | null>;
  /** By id, which is the order in which they were added. */
  list(query: ClientQuery): Promise<Client[]>;
  change(id: string, changes: ClientChanges): Promise<void>;
  /** Changes of required scopes that are under way. */
  scopesChanges(limit: number): Promise<ScopesChange[]>;
  /** The connections up to `lookedTo` know of the change; null: all of them do. Without effect after a later change. */
  noteScopesChange(change: ScopesChange): Promise<void>;
  /** Erases its secrets and keys too. Refused while it has connections that are not disconnected. */
  remove(id: string): Promise<Deletion>;
  /** True when the client was not suspended before. */
  suspend(id: string, suspension: Omit<Suspension, "since">): Promise<boolean>;
  /** Grants the one probe of a suspended client that is due, and sets when the next will be; false for all who come later. */
  claimProbe(id: string, nextProbeAt: number): Promise<boolean>;
  /** Access tokens of the client were seen to live so long, in milliseconds. */
  learnLife(id: string, milliseconds: number): Promise<void>;
  /** True when the client had been suspended. */
  resume(id: string): Promise<boolean>;
}
