import type { Actor } from "../access/audit.ts";
import { HOUR } from "../runtime/clock.ts";

/** Connections that are to be given to another system, with their refresh tokens, sealed for that system alone. */
export interface Export {
  id: string;
  tenantId: string;
  /** Why, in the words of who asks. */
  reason: string;
  /** The public key of the recipient: X25519, as a JWK (RFC 8037). */
  recipient: RecipientKey;
  /** The key's thumbprint (RFC 7638), by which people compare it. */
  fingerprint: string;
  connectionIds: string[];
  requestedBy: Actor;
  requestedAt: number;
  /** Nothing can be done with it from then on. */
  expiresAt: number;
  decision: "approved" | "refused" | null;
  decidedBy: Actor | null;
  decidedAt: number | null;
  fetchedAt: number | null;
}

export interface RecipientKey {
  kty: "OKP";
  crv: "X25519";
  x: string;
}

export type ExportStatus = "requested" | "approved" | "refused" | "fetched" | "expired";

export type NewExport = Pick<
  Export,
  "id" | "tenantId" | "reason" | "recipient" | "fingerprint" | "connectionIds" | "requestedBy"
>;

/** Somebody else has so long to decide. */
export const DECISION_TIME = 24 * HOUR;
/** An approved one can be fetched for so long. */
export const FETCH_TIME = HOUR;
/** What one document holds at most. */
export const MOST_CONNECTIONS = 10_000;

export interface ExportStore {
  create(made: NewExport, lifeMs: number): Promise<void>;
  find(id: string): Promise<Export | null>;
  /** The newest first. */
  list(query: { tenantId: string | null; limit: number; before: string | null }): Promise<Export[]>;
  /** Live connections with a refresh token, of a client or all, or of these ids; at most `limit`, in order. */
  candidates(query: {
    tenantId: string;
    clientId: string | null;
    ids: readonly string[] | null;
    limit: number;
  }): Promise<string[]>;
  /** Once, while it waits for that. False when it does not. */
  decide(id: string, by: Actor, decision: { decision: "approved" | "refused"; lifeMs: number }): Promise<boolean>;
  /**
   * Holds those of them that nobody is refreshing at this moment, so that nothing replaces their refresh token here any more.
   * Returns the ids of those that are under way.
   */
  hold(exportId: string, connectionIds: readonly string[]): Promise<string[]>;
  /** Once, while it is approved. False when it is not. */
  markFetched(id: string): Promise<boolean>;
}

export function statusOf({ decision, fetchedAt, expiresAt }: Export, now: number): ExportStatus {
  if (fetchedAt !== null) return "fetched";
  if (decision === "refused") return "refused";
  if (expiresAt <= now) return "expired";
  return decision ?? "requested";
}
