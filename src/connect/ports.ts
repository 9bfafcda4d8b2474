import type { Refresher } from "../refresh/refresh.ts";
import type { RefreshPorts } from "../refresh/ports.ts";
import type { Secret } from "../runtime/secret.ts";
import type { ConnectSessionStore } from "./connect-session.ts";

/** Everything outside that connecting touches. */
export interface ConnectPorts extends RefreshPorts {
  sessions: ConnectSessionStore;
  refresher: Refresher;
  /** Signs reauthorization links. */
  linkKey: Secret<Uint8Array>;
  /** Names imported refresh tokens. */
  seedKey: Secret<Uint8Array>;
}
