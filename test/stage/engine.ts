import { createAccessTokens, type AccessTokens, type OpenSnapshot } from "../../src/refresh/access-token.ts";
import type { RefreshPorts } from "../../src/refresh/ports.ts";
import { createRefresher, type Refresher } from "../../src/refresh/refresh.ts";
import { createSweep, type Sweep } from "../../src/refresh/sweep.ts";
import { createTokenCache } from "../../src/refresh/token-cache.ts";
import { watchConnections } from "../../src/service/watched-connections.ts";
import { createCollectingObserver, type CollectingObserver } from "./collecting-observer.ts";
import { createFaultyConnectionStore, type FaultyConnectionStore } from "./faulty-connection-store.ts";
import { createFaultySealer, type FaultySealer } from "./faulty-sealer.ts";
import type { World } from "./world.ts";

/** The refresh engine of one instance of the service, wired as the service wires it, with faults between it and the database. */
export interface Engine {
  ports: RefreshPorts;
  observer: CollectingObserver;
  /** The engine's way to the database. */
  store: FaultyConnectionStore;
  sealer: FaultySealer;
  refresher: Refresher;
  accessTokens: AccessTokens;
  sweep: Sweep;
}

export function createEngine(world: World): Engine {
  const { clock, random, catalogue, clients, sessions, transport } = world;
  const sealer = createFaultySealer(world.keyring);
  const observer = createCollectingObserver();
  const store = createFaultyConnectionStore(world.connections);
  const cache = createTokenCache<OpenSnapshot>(clock, 1000);
  const connections = watchConnections(store, (id) => cache.drop(id));
  const ports = { clock, random, observer, transport, sealer, catalogue, clients, connections };
  const refresher = createRefresher(ports);
  const accessTokens = createAccessTokens({
    ...ports,
    refresher,
    cache,
    reauthorizationUrl: (connection) => `https://evergrant.example/reauthorize/${connection.id}`,
  });
  const sweep = createSweep({ ...ports, refresher, sessions });
  return { ports, observer, store, sealer, refresher, accessTokens, sweep };
}
