import { PROBE_INTERVAL, type Client } from "../client/client.ts";
import type { Outcome } from "../provider/outcome.ts";
import type { Attempt } from "./attempt.ts";
import type { RefreshPorts } from "./ports.ts";
import type { RefreshResult } from "./request.ts";
import { untilStored } from "./until-stored.ts";

/** The provider has looked at the token, so it has accepted the client (RFC 6749 §5.2). */
export async function resumeClient(
  ports: RefreshPorts,
  { id, suspension }: Client,
  connectionId: string,
): Promise<void> {
  if (!suspension) return;
  if (await untilStored(ports, connectionId, () => ports.clients.resume(id)))
    ports.observer.event("client.resumed", { clientId: id });
}

/** The provider refuses the client, which says nothing about its connections: they keep their tokens and their status. */
export async function suspendClient(
  { flight: { ports }, client, claim }: Attempt,
  outcome: Extract<Outcome, { kind: "client_fault" }>,
): Promise<RefreshResult> {
  const retryAt = ports.clock.now() + PROBE_INTERVAL;
  const { cause, code } = outcome;
  const suspension = { cause, code, probeAt: retryAt };
  await untilStored(ports, claim.connectionId, () => ports.connections.release({ claim, answered: true }));
  if (await untilStored(ports, claim.connectionId, () => ports.clients.suspend(client.id, suspension))) {
    ports.observer.event("client.suspended", { clientId: client.id, cause, code });
  }
  return { kind: "client_suspended", cause, retryAt };
}
