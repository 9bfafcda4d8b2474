import { isLive, type RefreshPolicy } from "../connection/connection.ts";
import { ServiceError } from "../runtime/service-error.ts";
import { isEager, nextDueAt } from "./keep-alive.ts";
import type { RefreshPorts } from "./ports.ts";

/** Changes when a connection is refreshed, from now on. Throws `not_found`. */
export async function changePolicy(
  ports: Pick<RefreshPorts, "clock" | "random" | "connections" | "catalogue">,
  connectionId: string,
  policy: RefreshPolicy,
): Promise<void> {
  const held = await ports.connections.snapshot(connectionId);
  if (!held) throw new ServiceError("not_found", "There is no such connection.");
  const { connection, tokens, lease } = held;
  const provider = await ports.catalogue.find(connection.providerId);
  const refreshes = isLive(connection.status) && tokens.sealedRefreshToken !== null && provider !== null;
  const eager = isEager({ ...connection, policy }, ports.clock.now());
  const dueAt = refreshes ? nextDueAt({ tokens, provider, eager }, ports.random) : lease.dueAt;
  await ports.connections.setPolicy(connectionId, policy, dueAt);
}
