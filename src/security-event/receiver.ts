import type { SealAddress } from "../runtime/sealer.ts";

/** Services whose messages are signed with a secret that they share with a client, in a form of their own. */
export const SENDERS = ["slack", "github"] as const;

export type Sender = (typeof SENDERS)[number];

/** What a client says of its security events, over what its provider's entry says. */
export interface ReceiverSettings {
  /** Who signs them; null: as the entry says. */
  issuer: string | null;
  /** Whom they are for; empty: the client's id at the provider. */
  audience: readonly string[];
}

export interface SealedSigningSecret {
  id: string;
  sealed: Uint8Array;
}

/** What each client's receiver needs to know. */
export interface SecurityEventReceiverStore {
  /** As the defaults are, for a client that said nothing. */
  settings(clientId: string): Promise<ReceiverSettings>;
  signingSecret(clientId: string, sender: Sender): Promise<SealedSigningSecret | null>;
  /** What is not named stays as it is; a secret takes the place of the one before, and null takes it away. */
  change(
    clientId: string,
    changes: {
      settings?: ReceiverSettings;
      secrets: readonly (readonly [sender: Sender, secret: SealedSigningSecret | null])[];
    },
  ): Promise<void>;
}

export function signingSecretAddress(tenantId: string, id: string): SealAddress {
  return { tenantId, recordId: id, field: "signing_secret", generation: 0 };
}
