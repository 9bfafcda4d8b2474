import { retryIn } from "../event/retry-schedule.ts";
import type { ClaimedDelivery, DeliveryEnd, DeliveryStore, SendOutcome } from "../event/webhook-delivery.ts";
import type { WebhookStore } from "../event/webhook-endpoint.ts";
import type { Observer } from "../runtime/observer.ts";
import type { Random } from "../runtime/random.ts";
import { sendWebhook, type SendPorts } from "./send-webhook.ts";
import { webhookMessage, type MessagePorts } from "./webhook-message.ts";

export interface DeliverPorts extends SendPorts, MessagePorts {
  deliveries: Pick<DeliveryStore, "event" | "note">;
  webhooks: Pick<WebhookStore, "find" | "secrets">;
  random: Random;
  observer: Observer;
  /** A warning goes to them too. */
  mailOperators: boolean;
}

/**
 * One attempt at a delivery, and what becomes of it. Where the process ends in between, the message is sent again with the same
 * `webhook-id`.
 */
export async function deliver(ports: DeliverPorts, delivery: ClaimedDelivery): Promise<void> {
  const { deliveries, webhooks, random, observer, mailOperators } = ports;
  const [event, endpoint] = await Promise.all([
    deliveries.event(delivery.eventNumber),
    webhooks.find(delivery.endpointId),
  ]);
  if (!event || !endpoint) return void (await deliveries.note(delivery, { kind: "cancelled" }));
  const body = await webhookMessage(ports, event);
  const outcome = await sendWebhook(ports, endpoint, { id: event.id, body });
  const { retryAfterMs } = outcome;
  const retryInMs = retryIn(delivery.attempt, { fraction: random.fraction(), retryAfterMs });
  const end: DeliveryEnd =
    outcome.code === null ? { kind: "delivered", outcome } : { kind: "failed", outcome, retryInMs, mailOperators };
  const turn = await deliveries.note(delivery, end);
  tell(observer, delivery, { outcome, isLast: retryInMs === null });
  const { endpointId } = delivery;
  if (turn === "warned") observer.event("webhook.endpoint_failing", { endpointId });
  if (turn === "disabled") observer.event("webhook.endpoint_disabled", { endpointId, status: outcome.status });
}

function tell(
  observer: Observer,
  { endpointId, eventId, type, attempt }: ClaimedDelivery,
  { outcome: { status, code, durationMs }, isLast }: { outcome: SendOutcome; isLast: boolean },
): void {
  const fields = { endpointId, eventId, type, attempt, status, durationMs };
  if (code === null) observer.event("webhook.delivered", fields);
  else observer.event(isLast ? "webhook.given_up" : "webhook.failed", { ...fields, code });
}
