import type { Diagnosis } from "./cause.ts";

export type ConnectionStatus = "active" | "degraded" | "suspended" | "reauthorization_required" | "disconnected";

/** The resource owner at the provider, as far as the provider told. */
export interface Account {
  /** Stable there; a reauthorization must come back with the same one. */
  id: string;
  /** For people: an e-mail address or a name. */
  label: string | null;
}

/** Our durable record of one resource owner's authorization of one client. */
export interface Connection {
  id: string;
  tenantId: string;
  clientId: string;
  providerId: string;
  /** The application's own name for its user. */
  endUser: string | null;
  account: Account | null;
  requestedScopes: string[];
  grantedScopes: string[];
  status: ConnectionStatus;
  /** Null while nothing is wrong. */
  diagnosis: Diagnosis | null;
  labels: Record<string, string>;
  statusSince: number;
  createdAt: number;
  /** When a person last consented. */
  consentedAt: number | null;
  /** When the provider last confirmed that the connection works. */
  lastProvenAt: number | null;
}

/** Can the connection give tokens, or is it over until a person acts? */
export function isLive(status: ConnectionStatus): boolean {
  return status === "active" || status === "degraded" || status === "suspended";
}
