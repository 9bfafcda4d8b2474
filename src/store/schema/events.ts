import type { Generated } from "kysely";

/** What people and applications are told, and where. */
export interface EventTables {
  outbox: OutboxTable;
  webhook_endpoints: WebhookEndpointsTable;
  webhook_secrets: WebhookSecretsTable;
  webhook_deliveries: WebhookDeliveriesTable;
  mails: MailsTable;
}

interface OutboxTable {
  number: Generated<number>;
  /** Without the prefix. */
  id: Generated<string>;
  at: number;
  type: string;
  tenant_id: string;
  connection_id: string | null;
  client_id: string | null;
  incident_id: string | null;
  detail: string;
  /** Not told before: what is over by then is not told at all. */
  held_until: Generated<number>;
  passed_on_at: number | null;
  /** The mail that tells it; null while none does. */
  mail_number: number | null;
}

interface WebhookEndpointsTable {
  id: string;
  tenant_id: string;
  url: string;
  /** A list of types; null for all. */
  events: string | null;
  description: string;
  all_tenants: number;
  /** Null while it is enabled. */
  disabled_reason: string | null;
  disabled_at: number | null;
  /** The first failure since the last success. */
  failing_since: number | null;
  warned_at: number | null;
  last_success_at: number | null;
  created_at: number;
}

interface WebhookSecretsTable {
  id: string;
  tenant_id: string;
  endpoint_id: string;
  sealed: Uint8Array;
  created_at: number;
  /** Null for the newest. */
  retires_at: number | null;
}

/** One event on its way to one endpoint. */
interface WebhookDeliveriesTable {
  number: Generated<number>;
  /** Without the prefix. */
  id: Generated<string>;
  tenant_id: string;
  endpoint_id: string;
  event_number: number;
  event_id: string;
  type: string;
  /** What is told in order: the connection, or else the incident or client. */
  subject: string | null;
  state: Generated<string>;
  attempts: Generated<number>;
  next_at: Generated<number>;
  /** Until then an instance is about to send it. */
  claimed_until: Generated<number>;
  last_at: number | null;
  last_status: number | null;
  last_code: string | null;
  created_at: number;
  finished_at: number | null;
}

/** What the operators are written; what is in it is looked up when it is sent. */
interface MailsTable {
  number: Generated<number>;
  tenant_id: string;
  kind: string;
  endpoint_id: string | null;
  state: Generated<string>;
  attempts: Generated<number>;
  next_at: Generated<number>;
  claimed_until: Generated<number>;
  created_at: number;
  finished_at: number | null;
}
