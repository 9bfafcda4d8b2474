import type { Client, ClientStore } from "../../src/client/client.ts";
import { DEFAULT_CLIENT_SETTINGS } from "../../src/client/client.ts";
import type { ConnectionStore } from "../../src/connection/store.ts";
import type { IncidentStore } from "../../src/incident/store.ts";
import type { InstanceStore } from "../../src/refresh/instances.ts";
import type { Sealer } from "../../src/runtime/sealer.ts";
import { createClientStore } from "../../src/store/clients.ts";
import { createConnectionStore } from "../../src/store/connections.ts";
import { createIncidentStore } from "../../src/store/incidents.ts";
import type { Database } from "../../src/store/database.ts";
import { createInstanceStore } from "../../src/store/instances.ts";
import { firstSecret, sealed } from "./client-secrets.ts";
import type { Plan } from "./plan.ts";
import { createTransparentSealer } from "./transparent-sealer.ts";
import { TENANT } from "./world.ts";

/** The real stores, over the database of the run. */
export interface Stores {
  connections: ConnectionStore;
  clients: ClientStore;
  instances: InstanceStore;
  incidents: IncidentStore;
  sealer: Sealer;
}

export function createStores(database: Database): Stores {
  return {
    connections: createConnectionStore(database),
    clients: createClientStore(database),
    instances: createInstanceStore(database),
    incidents: createIncidentStore(database),
    sealer: createTransparentSealer(),
  };
}

export async function fillClients(stores: Stores, plan: Plan): Promise<void> {
  for (const { id, provider } of plan.clients) {
    const client = {
      id,
      tenantId: TENANT,
      providerId: provider,
      clientId: `client-at-${provider}`,
      authentication: plan.hasSecrets ? "client_secret_post" : "none",
      scopes: ["files"],
      settings: DEFAULT_CLIENT_SETTINGS,
      publicUrl: null,
      suspension: null,
      learnedLife: null,
      dpopKey: null,
    } satisfies Omit<Client, "createdAt">;
    await stores.clients.create(client, plan.hasSecrets ? await sealed(stores, firstSecret(id)) : null);
  }
}
