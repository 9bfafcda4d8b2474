import { providerOf } from "../client/provider-of.ts";
import type { ConnectSession } from "./connect-session.ts";
import type { ConnectPorts } from "./ports.ts";

/** What its user is told of a session, beside what the session says. */
export interface Outcome {
  /** The provider's name. */
  provider: string;
  /** The connection was there before. */
  isHealed: boolean;
}

export async function outcomeOf(ports: ConnectPorts, session: ConnectSession): Promise<Outcome> {
  const client = await ports.clients.find(session.clientId);
  const provider = client && (await providerOf(ports.catalogue, client));
  const held = session.connectionId === null ? null : await ports.connections.snapshot(session.connectionId);
  return {
    provider: provider?.name ?? client?.providerId ?? "",
    isHealed: held !== null && held.connection.createdAt < session.createdAt,
  };
}
