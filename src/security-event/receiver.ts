import type { SealAddress } from "../runtime/sealer.ts";

/** Services whose messages are signed with a secret that they share with a client, in a form of their own. */
export const SENDERS = ["slack", "github"] as const;

export type Sender = (typeof SENDERS)[number];

/** What is kept sealed for a client: what signs a sender's messages, or what is shown to a transmitter that is asked. */
export const RECEIVER_SECRETS = [...SENDERS, "poll"] as const;

export type ReceiverSecret = (typeof RECEIVER_SECRETS)[number];

/** What a client says of its security events, over what its provider's entry says. */
export interface ReceiverSettings {
  /** Who signs them; null: as the entry says. */
  issuer: string | null;
  /** Whom they are for; empty: the client's id at the provider. */
  audience: readonly string[];
  /** Where the issuer is asked for them (RFC 8936); null: it pushes. */
  pollUrl: string | null;
}

export interface SealedSigningSecret {
  id: string;
  sealed: Uint8Array;
}

/** What each client's receiver needs to know. */
export interface SecurityEventReceiverStore {
  /** As the defaults are, for a client that said nothing. */
  settings(clientId: string): Promise<ReceiverSettings>;
  signingSecret(clientId: string, sender: ReceiverSecret): Promise<SealedSigningSecret | null>;
  /** Clients whose issuer is asked. */
  polled(): Promise<string[]>;
  /** What is not named stays as it is; a secret takes the place of the one before, and null takes it away. */
  change(
    clientId: string,
    changes: {
      settings?: ReceiverSettings;
      secrets: readonly (readonly [sender: ReceiverSecret, secret: SealedSigningSecret | null])[];
    },
  ): Promise<void>;
}

export function signingSecretAddress(tenantId: string, id: string): SealAddress {
  return { tenantId, recordId: id, field: "signing_secret", generation: 0 };
}
