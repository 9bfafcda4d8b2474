import type { Client, ClientStore } from "../client/client.ts";
import { providerOf } from "../client/provider-of.ts";
import type { Catalogue } from "../provider/catalogue.ts";
import type { Provider } from "../provider/provider.ts";
import type { Clock } from "../runtime/clock.ts";
import type { Observer } from "../runtime/observer.ts";
import type { Random } from "../runtime/random.ts";
import type { Sealer } from "../runtime/sealer.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { SecurityEventReceiverStore } from "./receiver.ts";
import type { SecurityEventStore } from "./store.ts";
import type { TransmitterKeys } from "./transmitter.ts";

export interface SecurityEventPorts {
  clock: Clock;
  random: Random;
  observer: Observer;
  sealer: Sealer;
  clients: Pick<ClientStore, "find">;
  catalogue: Catalogue;
  keys: TransmitterKeys;
  receivers: SecurityEventReceiverStore;
  /** Over the rows of one tenant. */
  eventsOf(this: void, tenantId: string): SecurityEventStore;
  /** Forgets what memory knows of a connection. */
  changed(this: void, connectionId: string): void;
}

/** A client to whose address something was sent, and where it is registered. */
export interface Addressee {
  client: Client;
  provider: Provider;
}

/** Throws `not_found`, for a client that nobody has as for one that takes no such events. */
export async function addresseeOf(
  { clients, catalogue }: Pick<SecurityEventPorts, "clients" | "catalogue">,
  clientId: string,
): Promise<Addressee> {
  const client = await clients.find(clientId);
  const provider = client && (await providerOf(catalogue, client));
  if (!provider) throw noReceiver();
  return { client, provider };
}

export function noReceiver(): ServiceError {
  return new ServiceError("not_found", "No security events are taken at this address.");
}
