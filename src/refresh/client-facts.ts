import type { Client } from "../client/client.ts";
import { providerOf } from "../client/provider-of.ts";
import type { Connection } from "../connection/connection.ts";
import type { Provider } from "../provider/provider.ts";
import { SECOND } from "../runtime/clock.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { RefreshPorts } from "./ports.ts";

/** What a refresh needs to know besides its connection. */
export interface ClientFacts {
  client: Client;
  /** Null when the custom provider is no longer defined. */
  provider: Provider | null;
}

/** Where many connections of one client are refreshed one after the other, facts this old will do. */
const RECENT = SECOND;
/** Clients kept at a time. */
const MOST = 1_000;

export interface ClientFactsReader {
  read(connection: Connection): Promise<ClientFacts>;
  /** As read within the last second, for what nobody waits for. */
  recent(connection: Connection): Promise<ClientFacts>;
}

export function createClientFactsReader(
  ports: Pick<RefreshPorts, "clock" | "clients" | "catalogue">,
): ClientFactsReader {
  const known = new Map<string, { facts: Promise<ClientFacts>; until: number }>();

  async function read({ clientId }: Connection): Promise<ClientFacts> {
    const client = await ports.clients.find(clientId);
    if (!client) throw new ServiceError("internal", "The client of this connection is gone.");
    return { client, provider: await providerOf(ports.catalogue, client) };
  }

  return {
    read,
    recent: (connection) => {
      const now = ports.clock.monotonic();
      const found = known.get(connection.clientId);
      if (found && found.until > now) return found.facts;
      if (known.size >= MOST) known.clear();
      const facts = read(connection);
      known.set(connection.clientId, { facts, until: now + RECENT });
      facts.catch(() => known.delete(connection.clientId));
      return facts;
    },
  };
}
