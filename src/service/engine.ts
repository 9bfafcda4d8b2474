import type { Connection } from "../connection/connection.ts";
import type { ConnectionStore } from "../connection/store.ts";
import { createAccessTokens, type AccessTokens, type OpenSnapshot } from "../refresh/access-token.ts";
import { createEarlyDeaths } from "../refresh/early-deaths.ts";
import { createHeartbeat, type Heartbeat } from "../refresh/heartbeat.ts";
import type { InstanceStore } from "../refresh/instances.ts";
import type { RefreshPorts } from "../refresh/ports.ts";
import { createReadMarks } from "../refresh/read-marks.ts";
import { createRefresher, type Refresher } from "../refresh/refresh.ts";
import { createSweep, type Sweep, type SweepDeps } from "../refresh/sweep.ts";
import { createTokenCache } from "../refresh/token-cache.ts";
import { watchConnections } from "./watched-connections.ts";

export interface Engine {
  /** As given, with a connection store that keeps the engine's memory true. */
  ports: RefreshPorts;
  /** Another store over the same database, which keeps the memory true as well. */
  watched(this: void, store: ConnectionStore): ConnectionStore;
  /** Forgets what memory knows of a connection that was changed through no such store. */
  changed(this: void, connectionId: string): void;
  refresher: Refresher;
  accessTokens: AccessTokens;
  sweep: Sweep;
  heartbeat: Heartbeat;
}

export interface EngineDeps {
  instances: InstanceStore;
  sessions: SweepDeps["sessions"];
  tokenReads: SweepDeps["tokenReads"];
  reauthorizationUrl: (connection: Connection) => string;
}

/** Connections whose open access tokens are kept in memory for a moment. */
const CACHED_CONNECTIONS = 20_000;

/** Everything that refreshes and reads, of one instance of the service. */
export function createEngine(outside: RefreshPorts, deps: EngineDeps): Engine {
  const cache = createTokenCache<OpenSnapshot>(outside.clock, CACHED_CONNECTIONS);
  const changed = (connectionId: string): void => cache.drop(connectionId);
  const watched = (store: ConnectionStore): ConnectionStore => watchConnections(store, changed);
  const ports = { ...outside, connections: watched(outside.connections) };
  const refresher = createRefresher(ports, changed);
  const readMarks = createReadMarks(ports);
  const earlyDeaths = createEarlyDeaths(ports);
  const { reauthorizationUrl, sessions, tokenReads, instances } = deps;
  return {
    ports,
    watched,
    changed,
    refresher,
    accessTokens: createAccessTokens({ ...ports, refresher, readMarks, earlyDeaths, cache, reauthorizationUrl }),
    sweep: createSweep({ ...ports, refresher, readMarks, sessions, tokenReads }),
    heartbeat: createHeartbeat({ ...ports, refresher, instances }),
  };
}
