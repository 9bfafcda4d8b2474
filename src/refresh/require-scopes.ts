import type { Client } from "../client/client.ts";
import { providerOf } from "../client/provider-of.ts";
import type { Connection } from "../connection/connection.ts";
import type { HistoryDetail } from "../connection/history.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { requiredAndLacking } from "./lacking-scopes.ts";
import type { RefreshPorts } from "./ports.ts";

type Ports = Pick<RefreshPorts, "connections" | "clients" | "catalogue">;

/** From now on the connection needs these scopes, beside its client's. Throws `not_found`. */
export async function requireScopes(ports: Ports, connectionId: string, requiredScopes: string[]): Promise<void> {
  for (;;) {
    const connection = (await ports.connections.snapshot(connectionId))?.connection;
    const client = connection && (await ports.clients.find(connection.clientId));
    if (!client || connection.status === "disconnected") {
      throw new ServiceError("not_found", "There is no such connection, or it was disconnected.");
    }
    if ((await compare(ports, client, connection, { requiredScopes })) !== "superseded") return;
  }
}

/** Compares what the connection is granted with what it and its client require by now, and what it is to require itself. */
export async function compare(
  { connections, catalogue }: Pick<Ports, "connections" | "catalogue">,
  client: Client,
  was: Connection,
  { requiredScopes = was.requiredScopes, detail = {} }: { requiredScopes?: string[]; detail?: HistoryDetail },
): Promise<"changed" | "unchanged" | "superseded"> {
  const provider = await providerOf(catalogue, client);
  const connection = { ...was, requiredScopes };
  // Without its entry nothing is known of how the provider names scopes, and nothing is refreshed.
  const missingScopes = provider ? requiredAndLacking({ client, connection, provider }) : was.missingScopes;
  return connections.setNeeds({ connectionId: was.id, was, requiredScopes, missingScopes, detail });
}
