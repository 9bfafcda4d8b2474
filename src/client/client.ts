import { MINUTE } from "../runtime/clock.ts";
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
  /** The client is in a test status at the provider, where refresh tokens live seven days (Google's "Testing"). */
  testing: boolean;
}

export const DEFAULT_CLIENT_SETTINGS: ClientSettings = {
  returnUrls: [],
  offlineAccess: true,
  prove: false,
  authorizationParameters: {},
  providerParameters: {},
  testing: false,
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

export type SecretState = "staged" | "active" | "retired";

export interface ClientSecret {
  id: string;
  clientId: string;
  state: SecretState;
  sealed: Uint8Array;
  createdAt: number;
}

export interface ClientStore {
  /** A `publicUrl` is then the client's own, whatever becomes of its tenant's. */
  create(
    client: Omit<Client, "createdAt" | "learnedLife">,
    secret: Pick<ClientSecret, "id" | "sealed"> | null,
  ): Promise<void>;
  find(id: string): Promise<Client | null>;
  list(tenantId: string): Promise<Client[]>;
  activeSecret(clientId: string): Promise<ClientSecret | null>;
  listSecrets(clientId: string): Promise<ClientSecret[]>;
  /** Stores a secret as `active` and retires the one that was, in one transaction; also ends a suspension. */
  replaceSecret(clientId: string, secret: Pick<ClientSecret, "id" | "sealed">): Promise<void>;
  /** True when the client was not suspended before. */
  suspend(id: string, suspension: Omit<Suspension, "since">): Promise<boolean>;
  /** Grants the one probe of a suspended client that is due, and sets when the next will be; false for all who come later. */
  claimProbe(id: string, nextProbeAt: number): Promise<boolean>;
  /** Access tokens of the client were seen to live so long, in milliseconds. */
  learnLife(id: string, milliseconds: number): Promise<void>;
  /** True when the client had been suspended. */
  resume(id: string): Promise<boolean>;
}
