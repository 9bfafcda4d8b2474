import { DEFAULT_TENANT } from "./store.ts";

/** What is written down when somebody does it: acts that change what the service has, is or may do. Reads and refreshes are none. */
export const ACTS = [
  "client.created",
  "client.changed",
  "client.deleted",
  "client_secret.added",
  "client_secret.promoted",
  "client_secret.erased",
  "provider.put",
  "connect_session.started",
  "connect_session.completed",
  "connection.imported",
  "connection.discarded",
  "connection.labels_changed",
  "connection.scopes_changed",
  "connection.policy_changed",
  "connection.disconnected",
  "connection.links_revoked",
  "connection.account_switched",
  "connection.released",
  "export.requested",
  "export.approved",
  "export.refused",
  "export.fetched",
  "campaign.started",
  "campaign.cancelled",
  "incident.acknowledged",
  "tenant.created",
  "tenant.changed",
  "tenant.deleted",
  "api_key.created",
  "api_key.rotated",
  "api_key.revoked",
  "api_key.adopted",
  "virtual_refresh_token.created",
  "virtual_refresh_token.revoked",
  "agent_token.minted",
  "root_key.rotated",
  "tenant_key.rotated",
  "tenant_key.retired",
  "tenant_keys.shredded",
  "webhook_endpoint.created",
  "webhook_endpoint.changed",
  "webhook_endpoint.deleted",
  "webhook_endpoint.replayed",
  "webhook_secret.added",
  "webhook_secret.retired",
  "operator_session.opened",
  "operator_session.ended",
  "operator.sign_in_refused",
  "database.restored",
  "database.cloned",
] as const;

export type ActName = (typeof ACTS)[number];

/**
 * Who does it: an API key, a browser that is signed in with one, a person who is signed in, the user of a connection's account in a
 * browser, or the service and its operator at the command line.
 */
export interface Actor {
  kind: "api_key" | "operator_session" | "operator" | "user" | "system";
  /** A person's is the subject that the issuer names. Null for a user and for the system. */
  id: string | null;
}

/** Names, ids, codes and numbers; never what was in a field. */
export type ActDetail = Readonly<Record<string, string | number | boolean | null>>;

export interface Act {
  name: ActName;
  actor: Actor;
  /** Whose thing it is about, and so in whose chain it stands. */
  tenantId: string;
  /** What it is about; null for the installation as a whole. */
  objectId: string | null;
  /** The address that the request came from; null where there is none, or it is not known. */
  from: string | null;
  detail: ActDetail;
}

/** What the service does at its start, or the operator at the command line. */
export function systemAct(name: ActName, objectId: string | null, detail: ActDetail = {}): Act {
  return { name, actor: { kind: "system", id: null }, tenantId: DEFAULT_TENANT, objectId, from: null, detail };
}

/** An act as it was written down, by this version or another, or as somebody has changed it since. */
export interface AuditEntry extends Omit<Act, "name" | "actor"> {
  name: string;
  actor: { kind: string; id: string | null };
  /** Counts the acts of the tenant, from 1 and without gaps. */
  seq: number;
  at: number;
  /** SHA-256, in hex, over the hash before and this entry. */
  hash: string;
}

export interface AuditQuery {
  tenantId: string;
  limit: number;
  /** Only those before this number; null from the newest on. */
  before: number | null;
  act: ActName | null;
  actorId: string | null;
  objectId: string | null;
  /** Epoch milliseconds: from `since` on, and before `until`. */
  since: number | null;
  until: number | null;
}

/** Where a chain ends, signed with the audit key each time that it grows. */
export interface AuditHead {
  tenantId: string;
  seq: number;
  hash: string;
  signature: string;
}

/** What a chain was at a moment, signed for good. */
export interface AuditCheckpoint extends AuditHead {
  at: number;
}

/** The written acts. They are appended by the transactions of the acts alone, and nobody changes or deletes them. */
export interface AuditStore {
  /** The newest first. */
  list(query: AuditQuery): Promise<AuditEntry[]>;
  /** The next of a chain after `after`, in order. */
  following(tenantId: string, after: number, limit: number): Promise<AuditEntry[]>;
  /** All tenants of which anything is stored. */
  tenants(): Promise<string[]>;
  head(tenantId: string): Promise<AuditHead | null>;
  /** In order. */
  checkpoints(tenantId: string): Promise<AuditCheckpoint[]>;
  /** Signs each chain that has grown since its last checkpoint, if that is older than `everyMs`. Returns those it made. */
  makeCheckpoints(everyMs: number): Promise<AuditCheckpoint[]>;
}
