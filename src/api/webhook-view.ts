import { z } from "zod";
import { EVENT_TYPES } from "../event/event.ts";
import { DELIVERY_CODES, DELIVERY_STATES, type SendOutcome, type WebhookDelivery } from "../event/webhook-delivery.ts";
import { DISABLED_REASONS, type WebhookEndpoint, type WebhookSecret } from "../event/webhook-endpoint.ts";
import { time, toTime, toTimeOrNull } from "./wire.ts";

export const endpointSchema = z
  .object({
    id: z.string(),
    url: z.string(),
    events: z.array(z.enum(EVENT_TYPES)).nullable().describe("Null for all, also those that a later version adds"),
    description: z.string(),
    all_tenants: z.boolean().describe("It hears of every tenant, which only the operator's can"),
    status: z.enum(["enabled", "disabled"]),
    disabled_reason: z.enum(DISABLED_REASONS).nullable(),
    disabled_at: time.nullable(),
    failing_since: time.nullable().describe("The first failure since the last success"),
    warned_at: time.nullable().describe("When it was warned of; it is disabled a day later, if nothing comes through"),
    last_success_at: time.nullable().describe("Up to a minute behind"),
    created_at: time,
    secrets: z.array(
      z.object({
        id: z.string(),
        created_at: time,
        retires_at: time.nullable().describe("Null for the newest"),
      }),
    ),
  })
  .meta({ id: "WebhookEndpoint" });

const shownSecret = z.string().describe("What to verify messages with, shown this once");

export const newEndpointSchema = endpointSchema.extend({ secret: shownSecret }).meta({ id: "NewWebhookEndpoint" });

export const newSecretSchema = z
  .object({ id: z.string(), secret: shownSecret, others_retire_at: time })
  .meta({ id: "NewWebhookSecret" });

export const deliverySchema = z
  .object({
    id: z.string(),
    event: z.string(),
    type: z.enum(EVENT_TYPES),
    state: z.enum(DELIVERY_STATES),
    attempts: z.int().describe("Counted anew when it is replayed"),
    next_attempt_at: time.nullable(),
    last_attempt_at: time.nullable(),
    last_status: z.int().nullable().describe("Of the last answer, if there was one"),
    last_code: z.enum(DELIVERY_CODES).nullable().describe("Why the last attempt was no success"),
    created_at: time,
    finished_at: time.nullable(),
  })
  .meta({ id: "WebhookDelivery" });

export const testedSchema = z
  .object({
    delivered: z.boolean(),
    status: z.int().nullable(),
    code: z.enum(DELIVERY_CODES).nullable(),
    duration_ms: z.int(),
  })
  .meta({ id: "WebhookTest" });

export const replayedSchema = z
  .object({
    replayed: z.int(),
    next_since: time.nullable().describe("Where the rest begins; null when there is none"),
  })
  .meta({ id: "WebhookReplay" });

export function endpointView(
  endpoint: WebhookEndpoint,
  secrets: readonly WebhookSecret[],
): z.infer<typeof endpointSchema> {
  return {
    id: endpoint.id,
    url: endpoint.url,
    events: endpoint.events,
    description: endpoint.description,
    all_tenants: endpoint.allTenants,
    status: endpoint.disabledReason === null ? "enabled" : "disabled",
    disabled_reason: endpoint.disabledReason,
    disabled_at: toTimeOrNull(endpoint.disabledAt),
    failing_since: toTimeOrNull(endpoint.failingSince),
    warned_at: toTimeOrNull(endpoint.warnedAt),
    last_success_at: toTimeOrNull(endpoint.lastSuccessAt),
    created_at: toTime(endpoint.createdAt),
    secrets: secrets.map(({ id, createdAt, retiresAt }) => ({
      id,
      created_at: toTime(createdAt),
      retires_at: toTimeOrNull(retiresAt),
    })),
  };
}

export function deliveryView(delivery: WebhookDelivery): z.infer<typeof deliverySchema> {
  return {
    id: delivery.id,
    event: delivery.eventId,
    type: delivery.type,
    state: delivery.state,
    attempts: delivery.attempts,
    next_attempt_at: toTimeOrNull(delivery.nextAt),
    last_attempt_at: toTimeOrNull(delivery.lastAt),
    last_status: delivery.lastStatus,
    last_code: delivery.lastCode,
    created_at: toTime(delivery.createdAt),
    finished_at: toTimeOrNull(delivery.finishedAt),
  };
}

export function testedView({ status, code, durationMs }: SendOutcome): z.infer<typeof testedSchema> {
  return { delivered: code === null, status, code, duration_ms: durationMs };
}
