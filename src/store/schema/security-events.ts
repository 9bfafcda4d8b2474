import type { Generated } from "kysely";

/** What providers told of accounts and tokens. */
export interface SecurityEventTables {
  security_events: SecurityEventsTable;
  security_event_receivers: SecurityEventReceiversTable;
  signing_secrets: SigningSecretsTable;
}

interface SecurityEventsTable {
  id: string;
  tenant_id: string;
  /** The client at whose address it arrived. */
  client_id: string;
  issuer: string;
  jti: string;
  type: string;
  /** How it names whom it is about; null where it names nobody. */
  subject: string | null;
  issued_at: number | null;
  received_at: number;
  verdict: string;
  /** How many it concerned. */
  connections: Generated<number>;
}

/** What a client says of its events over what its provider's entry says. */
interface SecurityEventReceiversTable {
  client_id: string;
  issuer: string | null;
  audience: Generated<string>;
  poll_url: string | null;
}

/** What signs the messages of senders that share a secret with us, one a sender. */
interface SigningSecretsTable {
  id: string;
  client_id: string;
  sender: string;
  sealed: Uint8Array;
  created_at: number;
}
