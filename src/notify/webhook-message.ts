import { actorOf, CAUSES, sentence, whoActs, type Cause, type Diagnosis } from "../connection/cause.ts";
import type { Connection } from "../connection/connection.ts";
import type { ConnectionStore } from "../connection/store.ts";
import type { OutboxEvent } from "../event/event.ts";

export interface MessagePorts {
  connections: Pick<ConnectionStore, "snapshot">;
  /** Leads a connection's user to sign in again. */
  reauthorizationLink: (connection: Connection) => { url: string; expiresAt: number };
}

/**
 * What a receiver is told: what happened, with the connection as it is now, not as it was then. Ids, codes and names that the
 * application gave; never a token. The only link is the one that its user needs.
 */
export async function webhookMessage(ports: MessagePorts, event: OutboxEvent): Promise<string> {
  const { connectionId } = event;
  const connection =
    connectionId === null ? null : ((await ports.connections.snapshot(connectionId))?.connection ?? null);
  const link = needsLink(event, connection) ? ports.reauthorizationLink(connection) : null;
  return JSON.stringify({
    type: event.type,
    timestamp: new Date(event.at).toISOString(),
    data: {
      tenant: event.tenantId,
      connection: connectionId,
      client: event.clientId,
      incident: event.incidentId,
      end_user: connection?.endUser ?? null,
      labels: connection?.labels ?? {},
      status: connection?.status ?? null,
      ...whyOf(event, connection?.diagnosis ?? null),
      reauthorization_url: link?.url ?? null,
      reauthorization_expires_at: link && new Date(link.expiresAt).toISOString(),
      facts: event.detail,
    },
  });
}

/** A message that says nothing, to see whether one arrives. */
export function testMessage(tenantId: string, at: number): string {
  return JSON.stringify({ type: "webhook.test", timestamp: new Date(at).toISOString(), data: { tenant: tenantId } });
}

/** Where the connection has ended, where it works as yet and only a new consent helps, and where a campaign asks for one. */
function needsLink({ type, detail }: OutboxEvent, connection: Connection | null): connection is Connection {
  if (connection === null || connection.status === "disconnected") return false;
  if (type === "connection.reauthorization_required" || isOfCampaign(detail)) return true;
  const cause = causeOf(detail["cause"]);
  return type === "connection.degraded" && cause !== null && CONSENT_HELPS.has(cause);
}

const CONSENT_HELPS: ReadonlySet<Cause> = new Set<Cause>([
  "scope_insufficient",
  "refresh_token_missing",
  "interaction_required",
]);

function isOfCampaign(detail: OutboxEvent["detail"]): boolean {
  return detail["campaign"] !== undefined;
}

/** What the event said, or for a campaign what is wrong now; and where the connection still has the same trouble, what is known of it since. */
function whyOf({ detail }: OutboxEvent, now: Diagnosis | null) {
  const cause = isOfCampaign(detail) ? (now?.cause ?? null) : causeOf(detail["cause"]);
  if (cause === null) return { cause: null, confidence: null, who_acts: null, detail: null };
  const same = now?.cause === cause ? now : null;
  return {
    cause,
    confidence: detail["confidence"] ?? same?.confidence ?? null,
    who_acts: same ? actorOf(same) : whoActs(cause),
    detail: sentence(cause),
  };
}

function causeOf(told: unknown): Cause | null {
  return CAUSES.find((cause) => cause === told) ?? null;
}
