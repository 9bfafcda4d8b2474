import type { EventType, OutboxEvent } from "./event.ts";

/** Where an application hears of events: an address, and which events it wants. */
export interface WebhookEndpoint {
  id: string;
  tenantId: string;
  url: string;
  /** Null for all types, also those that a later version adds. */
  events: EventType[] | null;
  description: string;
  /** Hears of every tenant; only the operator's own can. */
  allTenants: boolean;
  /** Null while it is enabled. */
  disabledReason: DisabledReason | null;
  disabledAt: number | null;
  /** The first failure since the last success; null while it is well. */
  failingSince: number | null;
  /** When it was warned of, a day or more before it is disabled. */
  warnedAt: number | null;
  lastSuccessAt: number | null;
  createdAt: number;
}

/** `gone`: it answered HTTP 410. `failing`: nothing came through for `DISABLED_AFTER`. */
export const DISABLED_REASONS = ["by_request", "gone", "failing"] as const;

export type DisabledReason = (typeof DISABLED_REASONS)[number];

/** More than anybody needs; each costs a request an event. */
export const MOST_ENDPOINTS = 50;

export const LONGEST_URL = 2000;

export type NewWebhookEndpoint = Pick<
  WebhookEndpoint,
  "id" | "tenantId" | "url" | "events" | "description" | "allTenants"
>;

export interface EndpointChange {
  url?: string;
  events?: EventType[] | null;
  description?: string;
  allTenants?: boolean;
  /** Enabled, it begins as one that never failed. */
  status?: "enabled" | "disabled";
}

/** What messages to an endpoint are signed with. */
export interface WebhookSecret {
  id: string;
  tenantId: string;
  endpointId: string;
  sealed: Uint8Array;
  createdAt: number;
  /** Null for the newest. */
  retiresAt: number | null;
}

export type NewWebhookSecret = Pick<WebhookSecret, "id" | "sealed">;

/** Those that live at a time. */
export const MOST_SECRETS = 3;

export interface WebhookStore {
  create(endpoint: NewWebhookEndpoint, secret: NewWebhookSecret): Promise<void>;
  find(id: string): Promise<WebhookEndpoint | null>;
  /** In the order in which they were made. */
  list(tenantId: string): Promise<WebhookEndpoint[]>;
  change(id: string, change: EndpointChange): Promise<void>;
  /** With its secrets and deliveries. */
  remove(id: string): Promise<void>;
  /** Those that live, the newest first. */
  secrets(endpointId: string): Promise<WebhookSecret[]>;
  /** The newest from now on; those before retire after `overlapMs`, if not earlier. `full`: there are `MOST_SECRETS`. */
  addSecret(endpointId: string, secret: NewWebhookSecret, overlapMs: number): Promise<"added" | "full">;
  /** Erases one at once. The newest stays, or nothing could be signed. */
  retireSecret(endpointId: string, id: string): Promise<"retired" | "newest" | "unknown">;
  /** Erases those whose time is over. */
  eraseRetired(): Promise<void>;
}

/** What an endpoint hears of. */
export function hears(
  endpoint: Pick<WebhookEndpoint, "tenantId" | "events" | "allTenants">,
  event: Pick<OutboxEvent, "tenantId" | "type">,
): boolean {
  const isItsOwn = endpoint.allTenants || endpoint.tenantId === event.tenantId;
  return isItsOwn && (endpoint.events?.includes(event.type) ?? true);
}
