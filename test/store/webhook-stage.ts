import type { EventType, NewEvent } from "../../src/event/event.ts";
import type { ClaimedDelivery, DeliveryCode, DeliveryStore } from "../../src/event/webhook-delivery.ts";
import type { NewWebhookEndpoint, WebhookStore } from "../../src/event/webhook-endpoint.ts";
import type { OutboxStore } from "../../src/event/outbox.ts";
import { announce, createOutboxStore } from "../../src/store/outbox.ts";
import { createDeliveryStore } from "../../src/store/webhook-deliveries.ts";
import { createWebhookStore } from "../../src/store/webhook-endpoints.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { openStoreStage, type StoreStage } from "../stage/store-stage.ts";

export interface WebhookStage extends Omit<StoreStage, "claim"> {
  webhooks: WebhookStore;
  deliveries: DeliveryStore;
  outbox: OutboxStore;
  /** An endpoint of the first tenant for all events, unless told. */
  endpoint(id: string, given?: Partial<NewWebhookEndpoint>): Promise<void>;
  /** Puts an event of a connection into the outbox. */
  event(connectionId: string | null, type?: EventType, given?: Partial<NewEvent>): Promise<void>;
  passOn(): Promise<void>;
  /** All that is due, 100 at most. */
  claim(): Promise<ClaimedDelivery[]>;
  /** What the claimed ones are about. */
  claimedSubjects(): Promise<string[]>;
  fail(delivery: ClaimedDelivery, retryInMs?: number | null): ReturnType<DeliveryStore["note"]>;
  succeed(delivery: ClaimedDelivery): Promise<void>;
  tenant(id: string): Promise<void>;
}

export async function openWebhookStage(kind: DatabaseKind): Promise<WebhookStage> {
  const stage = await openStoreStage(kind);
  const { database } = stage;
  const [webhooks, deliveries, outbox] = [
    createWebhookStore(database),
    createDeliveryStore(database),
    createOutboxStore(database),
  ];
  const claim = () => deliveries.claim({ limit: 100, perEndpoint: 100, exceptEndpoints: [] });
  return {
    ...stage,
    webhooks,
    deliveries,
    outbox,
    claim,
    endpoint: (id, given = {}) =>
      webhooks.create(
        {
          id,
          tenantId: "default",
          url: "https://x.example",
          events: null,
          description: "",
          allTenants: false,
          ...given,
        },
        { id: `whs_${id}`, sealed: Buffer.of(1) },
      ),
    event: (connectionId, type = "connection.created", given = {}) =>
      database.write((queries) =>
        announce(queries, {
          type,
          tenantId: "default",
          connectionId,
          clientId: "cli_1",
          incidentId: null,
          detail: {},
          ...given,
        }),
      ),
    passOn: async () => {
      while ((await outbox.passOn(100, true)) > 0);
    },
    claimedSubjects: async () => {
      const events = await Promise.all((await claim()).map(({ eventNumber }) => deliveries.event(eventNumber)));
      return events.map((event) => `${event?.connectionId} ${event?.type}`).toSorted();
    },
    fail: (delivery, retryInMs = 1000) =>
      deliveries.note(delivery, {
        kind: "failed",
        outcome: outcome(503, "http_status"),
        retryInMs,
        mailOperators: true,
      }),
    succeed: async (delivery) => {
      await deliveries.note(delivery, { kind: "delivered", outcome: outcome(204, null) });
    },
    tenant: (id) =>
      database.write(async (queries) => {
        await queries.insertInto("tenants").values({ id, name: id, created_at: 0 }).execute();
      }),
  };
}

export function outcome(status: number | null, code: DeliveryCode | null) {
  return { status, code, retryAfterMs: null, durationMs: 1 };
}

/** The newest first: type, state and attempts. */
export async function statesOf({ deliveries }: WebhookStage, endpointId = "whe_1") {
  const query = { endpointId, limit: 100, before: null, state: null };
  return (await deliveries.list(query)).map(({ type, state, attempts }) => `${type} ${state} ${attempts}`);
}

/** Claims what is due, and takes one of it. */
export async function first(stage: WebhookStage) {
  const [claimed] = await stage.claim();
  if (!claimed) throw new Error("Nothing is due.");
  return claimed;
}
