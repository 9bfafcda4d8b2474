import type { ClientStore } from "../client/client.ts";
import type { Journal } from "../connection/journal.ts";
import type { ConnectionStore } from "../connection/store.ts";
import type { DpopNonces } from "../oauth/dpop-nonce.ts";
import type { Transport } from "../oauth/http.ts";
import type { Catalogue } from "../provider/catalogue.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Observer } from "../runtime/observer.ts";
import type { Random } from "../runtime/random.ts";
import type { Sealer } from "../runtime/sealer.ts";
import type { Pace } from "./pace/pace.ts";

/** Everything outside that the refresh engine touches; a simulation stands in for each. */
export interface RefreshPorts {
  clock: Clock;
  random: Random;
  observer: Observer;
  transport: Transport;
  dpopNonces: DpopNonces;
  sealer: Sealer;
  catalogue: Catalogue;
  clients: ClientStore;
  connections: ConnectionStore;
  journal: Journal;
  pace: Pace;
  /** Where users and providers reach this service, without a slash at the end. */
  publicUrl: string;
  /** Names this process among those over the same database. */
  instanceId: string;
}
