import { marksTokens, type Provider } from "../provider/provider.ts";
import { createId } from "../runtime/id.ts";
import { secret } from "../runtime/secret.ts";
import { effectOf, type EventFacts } from "./effect.ts";
import type { SecurityEventType } from "./event-type.ts";
import type { Addressee, SecurityEventPorts } from "./ports.ts";
import type { Application, NewSecurityEvent } from "./store.ts";
import type { Mark, Subject } from "./subject.ts";

/** A verified event, whatever it came in. */
export interface ReceivedEvent {
  issuer: string;
  jti: string;
  issuedAt: number | null;
  /** As its sender names it, where that is no known type. */
  type: SecurityEventType | { unknown: string };
  facts: EventFacts;
  subject: Subject | null;
  /** Account events of a provider concern all of the tenant's clients there; those of an application only its own. */
  isOfProvider: boolean;
}

/** Writes an event down and does what it does. Throws `store_unavailable`, so that it is sent again. */
export async function takeEvent(
  ports: SecurityEventPorts,
  { client, provider }: Addressee,
  event: ReceivedEvent,
): Promise<void> {
  const { tenantId, id: clientId } = client;
  const known = typeof event.type === "string" ? event.type : null;
  const stored: NewSecurityEvent = {
    id: createId("sev", ports.clock, ports.random),
    tenantId,
    clientId,
    issuer: event.issuer,
    jti: event.jti,
    type: typeof event.type === "string" ? event.type : event.type.unknown,
    subject: event.subject && { ...event.subject, marks: await named(ports, tenantId, provider, event.subject.marks) },
    issuedAt: event.issuedAt,
  };
  const application: Application = {
    effect: effectOf(known, event.facts),
    isKnown: known !== null,
    // In a family of providers, others of the same entry are at another issuer.
    reach:
      event.isOfProvider && Object.keys(provider.parameters).length === 0 ? { providerId: provider.id } : { clientId },
  };
  const taken = await ports.eventsOf(tenantId).take(stored, application);
  if (taken.kind === "taken") for (const id of taken.connectionIds) ports.changed(id);
  const verdict = taken.kind === "taken" ? taken.verdict : "repeated";
  const connections = taken.kind === "taken" ? taken.connectionIds.length : 0;
  ports.observer.event("security_event.received", { clientId, type: known ?? "unknown", verdict, connections });
}

/** A token is looked for by the name of what is told of it: that is all that is stored. */
async function named(
  { sealer }: SecurityEventPorts,
  tenantId: string,
  provider: Provider,
  marks: readonly Mark[],
): Promise<Mark[]> {
  const found: Mark[] = [];
  for (const mark of marks) {
    if (mark.by !== "token_prefix" && mark.by !== "token_digest") found.push(mark);
    else if (marksTokens(provider)) found.push({ by: mark.by, value: await sealer.name(tenantId, secret(mark.value)) });
  }
  return found;
}
