import { pino, type DestinationStream, type Logger } from "pino";
import type { EventName, Observer } from "../runtime/observer.ts";

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error" | "silent";

const LEVELS: Record<EventName, Exclude<LogLevel, "silent">> = {
  "service.started": "info",
  "service.stopped": "info",
  "connection.created": "info",
  "connection.degraded": "warn",
  "connection.expiring": "warn",
  "connection.reauthorization_required": "warn",
  "connection.recovered": "info",
  "connection.disconnected": "info",
  "connection.probed": "debug",
  "connection.discarded": "info",
  "connect.started": "info",
  "connect.failed": "warn",
  "refresh.succeeded": "info",
  "refresh.failed": "warn",
  "refresh.superseded": "info",
  "refresh.answer_lost": "warn",
  "refresh.commit_retried": "error",
  "access_token.rejected": "warn",
  "revocation.failed": "warn",
  "connection.reprieved": "info",
  "incident.opened": "error",
  "incident.decided": "info",
  "incident.resolved": "info",
  "client.suspended": "error",
  "client.resumed": "info",
  "client.life_learned": "warn",
  "client.deleted": "info",
  "client.secret_added": "info",
  "client.secret_promoted": "info",
  "client.secret_refused": "error",
  "client.secret_switched": "error",
  "client.secret_erased": "info",
  "client.secret_expiring": "warn",
  "key.rotated": "info",
  "key.retired": "info",
  "key.purged": "info",
  "key.shredded": "warn",
  "tenant.created": "info",
  "tenant.changed": "info",
  "tenant.deleted": "warn",
  "audit.checkpoint": "info",
  "webhook.delivered": "debug",
  "webhook.failed": "warn",
  "webhook.given_up": "error",
  "webhook.endpoint_failing": "warn",
  "webhook.endpoint_disabled": "error",
  "mail.sent": "info",
  "mail.failed": "warn",
  "mail.given_up": "error",
  "operator.sign_in_failed": "warn",
  "security_event.received": "info",
  "security_event.refused": "warn",
  "security_event.poll_failed": "warn",
  "rekey.finished": "info",
  "rekey.failed": "error",
  "campaign.finished": "info",
  "store.failed": "error",
  "sweep.failed": "error",
  "proxy.completed": "debug",
  "request.completed": "debug",
  "refresh.answered": "debug",
  "request.failed": "error",
  "refresh.taken_over": "warn",
  "refresh.spare_promoted": "warn",
  "refresh.rejection_held": "warn",
  "refresh.aborted": "info",
  "journal.failed": "error",
  "journal.damaged": "error",
  "journal.recovered": "info",
  "journal.replayed": "warn",
  "instance.joined": "info",
  "instance.silent": "error",
  "instance.heard_again": "info",
  "database.changed": "warn",
  "database.restored": "error",
  "database.unknown": "warn",
  "connection.released": "warn",
  "pace.throttled": "warn",
  "breaker.opened": "warn",
  "breaker.closed": "info",
};

/**
 * One JSON line an event. Only events are logged, and their fields are ids, codes and numbers by type: there is no call through
 * which a token, a URL or an error's message could get into a line.
 */
export function createLogObserver(logger: Logger): Observer {
  return { event: (name, fields = {}) => logger[LEVELS[name]]({ event: name, ...fields }) };
}

export function createLogger(level: LogLevel, log: DestinationStream): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return pino({ ...options, formatters: { level: (label) => ({ level: label }) } }, log);
}
