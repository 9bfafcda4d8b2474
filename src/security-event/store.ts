import type { Effect } from "./effect.ts";
import type { Mark } from "./subject.ts";

/** What became of an event. */
export const VERDICTS = ["applied", "unknown_subject", "unknown_type", "ignored"] as const;

export type Verdict = (typeof VERDICTS)[number];

/** An event that was verified; only ids and codes of it are kept. Times are epoch milliseconds. */
export interface NewSecurityEvent {
  id: string;
  tenantId: string;
  /** At whose address it arrived. */
  clientId: string;
  issuer: string;
  /** Each event of an issuer is taken once: its id there, and its type, because one token may tell of several. */
  jti: string;
  type: string;
  /** Null where it names nobody. */
  subject: { format: string; marks: readonly Mark[] } | null;
  issuedAt: number | null;
}

/** What an event may concern, and what it does to that. */
export interface Application {
  effect: Effect;
  isKnown: boolean;
  /** Which of the tenant's connections it may be about: those at the provider, or only those of the client. */
  reach: { providerId: string } | { clientId: string };
}

export interface SecurityEvent extends Omit<NewSecurityEvent, "tenantId" | "subject"> {
  /** How it names whom it is about (RFC 9493); null where it names nobody. */
  subjectFormat: string | null;
  receivedAt: number;
  verdict: Verdict;
  /** How many connections it concerned. */
  connections: number;
}

export interface SecurityEventQuery {
  tenantId: string;
  limit: number;
  /** Only ids before this one; null from the newest on. */
  before: string | null;
  clientId: string | null;
}

/** `repeated`: it was taken before, and nothing was done now. */
export type Taken = { kind: "taken"; verdict: Verdict; connectionIds: readonly string[] } | { kind: "repeated" };

/** The inbox of security events. */
export interface SecurityEventStore {
  /** Writes an event down with all that it does, in one transaction. Throws `not_found` for a tenant that is being deleted. */
  take(event: NewSecurityEvent, application: Application): Promise<Taken>;
  /** The newest first. */
  list(query: SecurityEventQuery): Promise<SecurityEvent[]>;
  prune(before: number): Promise<void>;
}
