import { providerOf } from "../client/provider-of.ts";
import { isLive, type RefreshPolicy } from "../connection/connection.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { consentEnd } from "./consent-end.ts";
import { isEager, nextDueAt } from "./keep-alive.ts";
import type { RefreshPorts } from "./ports.ts";

/** Changes when a connection is refreshed, from now on. Throws `not_found`. */
export async function changePolicy(
  ports: Pick<RefreshPorts, "clock" | "random" | "connections" | "clients" | "catalogue">,
  connectionId: string,
  policy: RefreshPolicy,
): Promise<void> {
  const held = await ports.connections.snapshot(connectionId);
  if (!held) throw new ServiceError("not_found", "There is no such connection.");
  const { connection, tokens, lease } = held;
  const client = await ports.clients.find(connection.clientId);
  const provider = client && (await providerOf(ports.catalogue, client));
  const refreshes = isLive(connection.status) && tokens.sealedRefreshToken !== null && provider !== null;
  const eager = isEager({ ...connection, policy }, ports.clock.now());
  const end = provider && consentEnd({ connection, tokens, client, provider });
  const dueAt = refreshes ? nextDueAt({ tokens, provider, eager, end }, ports.random) : lease.dueAt;
  await ports.connections.setPolicy(connectionId, policy, dueAt);
}
