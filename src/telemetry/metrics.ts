import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { KeyState } from "../access/key-store.ts";
import type { Rekey } from "../access/rekey-store.ts";
import { CAUSES } from "../connection/cause.ts";
import type { IncidentKind } from "../incident/incident.ts";
import { SECOND } from "../runtime/clock.ts";
import type { EventFields, EventName, Observer } from "../runtime/observer.ts";

/**
 * Numbers for Prometheus, counted from what the service reports anyway. Labels are names of closed lists and patterns of routes:
 * no id, host, code of a provider or anything else that others choose, so that series stay few and tell nothing of anybody.
 */
export interface Metrics {
  observer: Observer;
  /** An access token was handed out. On the hottest path there is, so this only counts. */
  countRead: () => void;
  /** The text format of Prometheus. The stored numbers are left out while the store does not answer. */
  text: () => Promise<{ contentType: string; body: string }>;
}

/** What the database knows, the same for every instance. */
export interface StoredNumbers {
  rekeys: readonly Rekey[];
  keys: Readonly<Record<KeyState, number>>;
  /** Those that are not resolved. */
  incidents: Readonly<Record<IncidentKind, number>>;
  /** Milliseconds since the oldest last proof of a live connection; null without any. */
  oldestProof: number | null;
  /** Webhook deliveries that wait to be sent, and for how long the oldest does. Milliseconds. */
  deliveries: { count: number; oldestMs: number };
}

/** How an attempt to refresh ended. */
const OUTCOMES: Partial<Record<EventName, string>> = {
  "refresh.succeeded": "succeeded",
  "refresh.failed": "failed",
  "refresh.answer_lost": "answer_lost",
  "refresh.superseded": "superseded",
  "refresh.aborted": "aborted",
  "refresh.rejection_held": "rejection_held",
  "connection.reauthorization_required": "rejected",
};

/** How an attempt to send a webhook ended. */
const WEBHOOK_OUTCOMES: Partial<Record<EventName, string>> = {
  "webhook.delivered": "delivered",
  "webhook.failed": "failed",
  "webhook.given_up": "given_up",
};

/** How an attempt to send a mail ended. */
const MAIL_OUTCOMES: Partial<Record<EventName, string>> = {
  "mail.sent": "sent",
  "mail.failed": "failed",
  "mail.given_up": "given_up",
};

const NAMED_CAUSES: ReadonlySet<unknown> = new Set(CAUSES);
const DURATIONS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];

export function createMetrics(stored: () => Promise<StoredNumbers>): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counters = createCounters(registry);
  const gauges = createGauges(registry);
  const handedOut = new Counter({
    name: "evergrant_access_tokens_read_total",
    help: "Access tokens handed out.",
    registers: [registry],
  });
  let reads = 0;
  return {
    observer: { event: (name, fields = {}) => counters.count(name, fields) },
    countRead: () => {
      reads++;
    },
    text: async () => {
      gauges.set(await stored().catch(() => null));
      handedOut.reset();
      handedOut.inc(reads);
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}

function createCounters(registry: Registry) {
  const registers = [registry];
  const events = new Counter({
    name: "evergrant_events_total",
    help: "Everything that is reported, by its name in the log.",
    labelNames: ["event"],
    registers,
  });
  const refreshes = new Counter({
    name: "evergrant_refreshes_total",
    help: "Attempts to refresh, by how they ended and the cause where one is known.",
    labelNames: ["outcome", "cause"],
    registers,
  });
  const securityEvents = new Counter({
    name: "evergrant_security_events_total",
    help: "Security events that were verified, by their type and what became of them.",
    labelNames: ["type", "verdict"],
    registers,
  });
  const webhooks = new Counter({
    name: "evergrant_webhook_attempts_total",
    help: "Attempts to send a webhook, by how they ended.",
    labelNames: ["outcome"],
    registers,
  });
  const mails = new Counter({
    name: "evergrant_mail_attempts_total",
    help: "Attempts to send a mail to the operators, by how they ended.",
    labelNames: ["outcome"],
    registers,
  });
  const requests = new Histogram({
    name: "evergrant_http_request_duration_seconds",
    help: "Requests that the framework answered; reads from memory are in evergrant_access_tokens_read_total only.",
    labelNames: ["method", "route", "status"],
    buckets: DURATIONS,
    registers,
  });

  const proxied = new Counter({
    name: "evergrant_proxied_requests_total",
    help: "Requests that were carried to APIs, by how they ended.",
    labelNames: ["outcome"],
    registers,
  });
  const proxiedBytes = new Counter({
    name: "evergrant_proxied_bytes_total",
    help: "Bytes of the bodies of these requests, sent to APIs and received from them.",
    labelNames: ["direction"],
    registers,
  });
  const probes = new Counter({
    name: "evergrant_probes_total",
    help: "Connections that were asked about with the access token that they have, by what came of it.",
    labelNames: ["outcome"],
    registers,
  });

  function count(event: EventName, fields: EventFields): void {
    events.inc({ event });
    const outcome = OUTCOMES[event];
    if (outcome !== undefined) refreshes.inc({ outcome, cause: causeOf(fields) });
    if (event === "security_event.received") {
      securityEvents.inc({ type: String(fields["type"]), verdict: String(fields["verdict"]) });
    }
    if (event === "proxy.completed") {
      proxied.inc({ outcome: String(fields["outcome"]) });
      proxiedBytes.inc({ direction: "sent" }, Number(fields["bytesSent"]));
      proxiedBytes.inc({ direction: "received" }, Number(fields["bytesReceived"]));
    }
    if (event === "connection.probed") probes.inc({ outcome: String(fields["outcome"]) });
    const sent = WEBHOOK_OUTCOMES[event];
    if (sent !== undefined) webhooks.inc({ outcome: sent });
    const mailed = MAIL_OUTCOMES[event];
    if (mailed !== undefined) mails.inc({ outcome: mailed });
    if (event === "request.completed") {
      const { method, route, status, durationMs } = fields;
      const labels = { method: String(method), route: String(route ?? "none"), status: String(status) };
      requests.observe(labels, Number(durationMs) / SECOND);
    }
  }

  return { count };
}

function causeOf({ cause }: EventFields): string {
  return NAMED_CAUSES.has(cause) ? String(cause) : "none";
}

function createGauges(registry: Registry) {
  const registers = [registry];
  const keys = new Gauge({
    name: "evergrant_tenant_key_versions",
    help: "Versions of all tenants' keys, by what they are for. The same for every instance.",
    labelNames: ["state"],
    registers,
  });
  const rekeys = new Gauge({
    name: "evergrant_rekeys",
    help: "Rotations of tenants' keys, by how far everything is sealed anew. The same for every instance.",
    labelNames: ["state"],
    registers,
  });
  const values = new Gauge({
    name: "evergrant_rekey_values",
    help: "Sealed values of the rekeys that are not finished. The same for every instance.",
    labelNames: ["state"],
    registers,
  });

  const incidents = new Gauge({
    name: "evergrant_open_incidents",
    help: "Incidents that are not resolved. The same for every instance.",
    labelNames: ["kind"],
    registers,
  });

  const oldestProof = new Gauge({
    name: "evergrant_oldest_proof_seconds",
    help: "Time since the provider last confirmed the live connection for which that is longest ago. The same for every instance.",
    registers,
  });

  const waiting = new Gauge({
    name: "evergrant_webhook_deliveries_waiting",
    help: "Webhook deliveries that wait to be sent. The same for every instance.",
    registers,
  });
  const oldest = new Gauge({
    name: "evergrant_webhook_oldest_waiting_seconds",
    help: "How long the oldest of them has been waiting. The same for every instance.",
    registers,
  });

  function set(stored: StoredNumbers | null): void {
    for (const gauge of [keys, rekeys, values, incidents, oldestProof, waiting, oldest]) gauge.reset();
    if (!stored) return;
    oldestProof.set((stored.oldestProof ?? 0) / SECOND);
    waiting.set(stored.deliveries.count);
    oldest.set(stored.deliveries.oldestMs / SECOND);
    for (const [state, count] of Object.entries(stored.keys)) keys.set({ state }, count);
    for (const [kind, count] of Object.entries(stored.incidents)) incidents.set({ kind }, count);
    for (const state of ["running", "waiting", "finished"]) {
      rekeys.set({ state }, stored.rekeys.filter((rekey) => stateOf(rekey) === state).length);
    }
    const open = stored.rekeys.filter(({ finishedAt }) => finishedAt === null);
    values.set({ state: "done" }, sum(open.map(({ done }) => done)));
    values.set({ state: "left" }, sum(open.map(({ done, total }) => Math.max(0, total - done))));
  }

  return { set };
}

function stateOf({ finishedAt, atWork }: Rekey): string {
  if (finishedAt !== null) return "finished";
  return atWork ? "running" : "waiting";
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
