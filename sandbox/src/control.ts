import type { Behaviour, BehaviourSwitches } from "./behaviour.ts";
import { problemsWithClient, problemsWithSecret } from "./client-rules.ts";
import type { SandboxClient } from "./client-table.ts";
import type { Counter, Counts } from "./counts.ts";
import type { RefreshTokenLog, RefreshTokenRecord } from "./refresh-token-log.ts";
import type { Observe } from "./sandbox-event.ts";
import type { Store } from "./store.ts";

/** The switchboard of a running sandbox. A user or client it does not know, or one that makes no sense, makes the call reject. */
export interface Control {
  behaviour(): Behaviour;
  /** Throws a RangeError for values that make no sense. */
  change(patch: Partial<Behaviour>): void;
  counts(): Counts;
  resetCounts(): void;
  /** What became of each refresh token since the start, oldest first; of the newest hundred thousand. */
  refreshTokens(): RefreshTokenRecord[];
  /** Adds the client or replaces it; a disabled one stays disabled. */
  putClient(client: SandboxClient): Promise<void>;
  /** Its token requests answer 401 `invalid_client` from now on. Its access tokens stay good. */
  disableClient(clientId: string): Promise<void>;
  enableClient(clientId: string): Promise<void>;
  /** All secrets before it are dead at once. */
  rotateClientSecret(clientId: string, newSecret: string): Promise<void>;
  /** Those before it live on. */
  addClientSecret(clientId: string, newSecret: string): Promise<void>;
  /** Ends every grant of the user, with all its codes, access and refresh tokens. */
  revokeUser(user: string): Promise<void>;
  revokeAll(): Promise<void>;
  /** Revokes everything of the user, as a new password does at many providers. */
  changePassword(user: string): Promise<void>;
}

interface Deps {
  store: Store;
  behaviour: BehaviourSwitches;
  counter: Counter;
  refreshTokens: Pick<RefreshTokenLog, "records">;
  observe: Observe;
}

export function createControl({ store, behaviour, counter, refreshTokens, observe }: Deps): Control {
  const did = (action: string) => observe({ kind: "control", action });

  function revoke(user: string, why: string): void {
    if (!store.users.has(user)) throw new Error(`the sandbox has no user ${user}`);
    store.artifacts.destroyByUser(user);
    did(why);
  }

  function mustExist(clientId: string): void {
    if (!store.clients.find(clientId)) throw new Error(`the sandbox has no client ${clientId}`);
  }

  return {
    behaviour: () => behaviour.current(),
    change: (patch) => {
      behaviour.change(patch);
      did(`changed ${Object.keys(patch).join(", ")}`);
    },
    counts: () => counter.counts(),
    resetCounts: () => counter.reset(),
    refreshTokens: () => refreshTokens.records(),
    putClient: async (client) => {
      mustBeSound(problemsWithClient(client));
      store.clients.put(client);
      did(`put client ${client.clientId}`);
    },
    disableClient: async (clientId) => {
      mustExist(clientId);
      store.clients.setDisabled(clientId, true);
      did(`disabled client ${clientId}`);
    },
    enableClient: async (clientId) => {
      mustExist(clientId);
      store.clients.setDisabled(clientId, false);
      did(`enabled client ${clientId}`);
    },
    rotateClientSecret: async (clientId, newSecret) => {
      mustExist(clientId);
      mustBeSound(problemsWithSecret(newSecret));
      store.clients.setSecret(clientId, newSecret);
      did(`rotated the secret of client ${clientId}`);
    },
    addClientSecret: async (clientId, newSecret) => {
      mustExist(clientId);
      mustBeSound(problemsWithSecret(newSecret));
      store.clients.addSecret(clientId, newSecret);
      did(`added a secret of client ${clientId}`);
    },
    revokeUser: async (user) => revoke(user, `revoked ${user}`),
    changePassword: async (user) => revoke(user, `changed the password of ${user}`),
    revokeAll: async () => {
      store.artifacts.destroyOfAllUsers();
      did("revoked everybody");
    },
  };
}

function mustBeSound(problems: string[]): void {
  if (problems.length > 0) throw new RangeError(problems.join("; "));
}
