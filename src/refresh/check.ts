import type { Connection } from "../connection/connection.ts";
import { ServiceError } from "../runtime/service-error.ts";
import type { RefreshPorts } from "./ports.ts";
import { probe } from "./probe.ts";
import type { Refresher } from "./refresh.ts";

/** What asking the provider came to. */
export interface Checked {
  connection: Connection;
  /** How the provider confirmed it; null when it did not. */
  provenBy: "userinfo" | "refresh" | null;
}

/**
 * Asks the provider whether the connection works, without risking the refresh token where that can be avoided: with a living
 * access token and a userinfo endpoint it costs one read, else one refresh.
 */
export async function checkConnection(
  ports: RefreshPorts & { refresher: Refresher },
  { tenantId, connectionId }: { tenantId: string; connectionId: string },
): Promise<Checked> {
  const held = await ports.connections.snapshot(connectionId);
  if (held?.connection.tenantId !== tenantId) throw new ServiceError("not_found", "There is no such connection.");
  if ((await probe(ports, held)) === "accepted") {
    await ports.connections.markProven(connectionId);
    return { connection: await current(ports, connectionId), provenBy: "userinfo" };
  }
  const { generation } = held.tokens;
  const result = await ports.refresher.refresh({ connectionId, generation, origin: "manual" });
  return { connection: await current(ports, connectionId), provenBy: result.kind === "renewed" ? "refresh" : null };
}

async function current(ports: RefreshPorts, connectionId: string): Promise<Connection> {
  const held = await ports.connections.snapshot(connectionId);
  if (!held) throw new ServiceError("not_found", "There is no such connection.");
  return held.connection;
}
