import { CAUSES, sentence } from "../connection/cause.ts";
import type { EventType, OutboxEvent } from "../event/event.ts";
import type { WebhookEndpoint } from "../event/webhook-endpoint.ts";
import type { Counts, Digest } from "./digest.ts";

/** What a mail says, before it is put into its two forms. */
export interface MailText {
  subject: string;
  paragraphs: readonly string[];
  lists: readonly MailList[];
}

interface MailList {
  title: string;
  rows: readonly (readonly [name: string, value: string])[];
}

/** Of one event that the operators are written at once. */
export function eventText(event: OutboxEvent): MailText {
  const lists = [{ title: "What is known", rows: factsOf(event) }];
  return { subject: subjectOf(event), paragraphs: [explanationOf(event)], lists };
}

function subjectOf({ type, clientId, incidentId, detail }: OutboxEvent): string {
  if (type === "client.suspended") return `The provider refuses client ${clientId ?? ""}`;
  if (type === "incident.opened") return `Incident ${incidentId ?? ""} has begun`;
  if (type === "incident.resolved") return `Incident ${incidentId ?? ""} is over`;
  if (type !== "client.secret_expiring") return type;
  const secret = `A secret of client ${clientId ?? ""}`;
  return detail["days"] === 0 ? `${secret} has expired` : `${secret} expires within ${days(detail["days"])}`;
}

/** By its cause where it has one. */
function explanationOf({ type, detail }: OutboxEvent): string {
  const cause = CAUSES.find((each) => each === detail["cause"]);
  return cause === undefined ? (EXPLANATIONS[type] ?? "") : sentence(cause);
}

const EXPLANATIONS: Partial<Record<EventType, string>> = {
  "client.suspended": "Its connections wait until the provider accepts it again.",
  "client.secret_expiring":
    "Make another secret at the provider and stage it here. Without it all connections of the client will wait.",
  "incident.opened": "Several connections have the same trouble.",
  "incident.resolved": "Nothing more needs to be done.",
};

function factsOf(event: OutboxEvent): [string, string][] {
  const ids = { tenant: event.tenantId, client: event.clientId, incident: event.incidentId };
  const at = new Date(event.at).toISOString();
  const facts = Object.entries({ ...ids, ...event.detail, at }).filter(([, value]) => value !== null);
  return facts.map(([name, value]) => [name.replaceAll("_", " "), readable(name, value)]);
}

/** Times of a detail are numbers. */
function readable(name: string, value: unknown): string {
  return name.endsWith("_at") && typeof value === "number" ? new Date(value).toISOString() : String(value);
}

/** Of what happened to connections since the last such mail. */
export function digestText(digest: Digest): MailText {
  const { connections, connectionCount } = digest;
  return {
    subject: `${connectionCount} ${connectionCount === 1 ? "connection" : "connections"} with news`,
    paragraphs: ["What happened to connections since the last mail like this. There is at most one an hour."],
    lists: [
      { title: "What happened", rows: rowsOf(digest.byType) },
      { title: "Causes", rows: rowsOf(digest.byCause) },
      { title: "Clients", rows: rowsOf(digest.byClient) },
      { title: "Tenants", rows: rowsOf(digest.byTenant) },
      {
        title: connectionCount > connections.length ? `The first ${connections.length} connections` : "Connections",
        rows: connections.map(({ id, type, cause }): [string, string] => [
          id,
          cause === null ? type : `${type}: ${cause}`,
        ]),
      },
    ].filter(({ rows }) => rows.length > 0),
  };
}

/** Of an endpoint to which nothing has come through for days. The URL stays out: part of it may be a secret of its owner. */
export function endpointText({ id, tenantId, description, failingSince }: WebhookEndpoint): MailText {
  return {
    subject: `Webhook endpoint ${id} will be disabled`,
    paragraphs: [
      "Nothing came through to it for two days. If that stays so for another day, it is disabled and sent nothing any more.",
      "evergrant webhooks deliveries says what was answered.",
    ],
    lists: [
      {
        title: "Which one",
        rows: [
          ["endpoint", id],
          ["tenant", tenantId],
          ["description", description],
          ["failing since", failingSince === null ? "" : new Date(failingSince).toISOString()],
        ],
      },
    ],
  };
}

/** To see whether a mail arrives. */
export const TEST_TEXT: MailText = {
  subject: "A test of Evergrant",
  paragraphs: ["This mail was sent by evergrant mail test. Nothing is wrong."],
  lists: [],
};

/** Below every mail. */
export const FOOTER = "Sent by Evergrant, to the addresses in EVERGRANT_NOTIFY_EMAIL.";

function rowsOf(counts: Counts): [string, string][] {
  return counts.map(([name, count]) => [name, String(count)]);
}

function days(count: unknown): string {
  return count === 1 ? "a day" : `${String(count)} days`;
}
