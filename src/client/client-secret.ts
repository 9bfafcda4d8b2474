import { DAY, MINUTE } from "../runtime/clock.ts";

/** `staged`: tried by a few refreshes before it is relied upon. `retired`: another has taken its place. */
export type SecretState = "staged" | "active" | "retired";

/** A secret of an OAuth client, and what became of it. Who did something is the id of an API key; null: the service itself. */
export interface ClientSecret {
  id: string;
  clientId: string;
  state: SecretState;
  /** Null once it was erased. */
  sealed: Uint8Array | null;
  createdAt: number;
  createdBy: string | null;
  /** When it took the place of another; null for the first one, and for one that has not. */
  promotedAt: number | null;
  promotedBy: string | null;
  retiredAt: number | null;
  retiredBy: string | null;
  /** A retired one is kept so long for the case that its successor is refused; null while it is not retired. */
  keptUntil: number | null;
  /** Up to a minute behind. */
  lastUsedAt: number | null;
  /** Refreshes that the provider answered with tokens while it was staged. */
  provenCount: number;
  /** Becomes the active one as soon as it is proven. */
  promotesItself: boolean;
  /** The provider does not know it, by this code of its own. */
  refusal: { code: string; at: number } | null;
  /** When the provider ends it, as whoever added it said. */
  expiresAt: number | null;
  /** What everybody may see of it: the JSON Web Key that it signs with, or the certificate, in PEM. Null for a word. */
  shown: string | null;
}

/** One that a token request can be made with. */
export interface LiveSecret extends ClientSecret {
  sealed: Uint8Array;
  /** Staged, and some refresh may try it now. */
  awaitsTrial: boolean;
}

export interface NewSecret
  extends Pick<LiveSecret, "id" | "sealed">, Partial<Pick<ClientSecret, "expiresAt" | "createdBy" | "shown">> {
  /** Staged, it is not tried for so long. */
  restsMs?: number;
}

/** So many refreshes have to succeed with a staged secret before it is relied upon. */
export const PROOFS = 3;

/** Refreshes that may try it, one at a time, until then: what is neither taken nor refused is not tried for ever. */
export const MOST_TRIALS = 20;

/** The provider may have two of a client, and so do we (docs/clients.md). */
export const MOST_LIVE = 2;

/** A refresh that tries a secret holds others off so long if nothing is heard of it. */
export const TRIAL = MINUTE;

/** How long a replaced secret is kept for the case that its successor is refused. */
export const GRACE = DAY;

export type Addition = "added" | "full";
export type Promotion = "promoted" | "unproven" | "refused" | "not_staged";
export type Retirement = "retired" | "active" | "unknown";

/** A refusal that is proven: with another secret the same refresh was let in. */
export interface ProvenRefusal {
  clientId: string;
  refused: { id: string; code: string };
  acceptedId: string;
}

/** Every change locks the client first, so that no two of them leave more than `MOST_LIVE`, or two active ones. */
export interface ClientSecretStore {
  activeSecret(clientId: string): Promise<LiveSecret | null>;
  /** At most two: the active one first, then the staged one or the one that is kept. */
  liveSecrets(clientId: string): Promise<LiveSecret[]>;
  /** Also those that were erased, the newest first. */
  listSecrets(clientIds: readonly string[]): Promise<ClientSecret[]>;
  /** Stages a secret beside the active one, in the place of a staged one that was refused; it is the active one where there is none. */
  stageSecret(clientId: string, secret: NewSecret, options?: { promotesItself?: boolean }): Promise<Addition>;
  /**
   * Makes a secret the active one at once, which also ends a suspension. The one before is kept for `keepMs`; 0 erases it now.
   * With `makesRoom` whatever else is live is erased, so that it is never `full`.
   */
  replaceSecret(
    clientId: string,
    secret: NewSecret,
    options?: { keepMs?: number; makesRoom?: boolean },
  ): Promise<Addition>;
  /** Makes the staged secret the active one, which also ends a suspension; the one before is kept for `GRACE`. */
  promoteSecret(clientId: string, id: string, options: { by: string; force: boolean }): Promise<Promotion>;
  /** Erases a secret that is not the active one. */
  retireSecret(clientId: string, id: string, by: string): Promise<Retirement>;
  /** Grants one refresh at a time the trial of a staged secret, for `TRIAL`. */
  claimTrial(id: string): Promise<boolean>;
  /** A refresh succeeded with a staged secret. The last proof promotes one that promotes itself. */
  proveSecret(clientId: string, id: string): Promise<"proven" | "promoted">;
  /**
   * Marks a staged secret as refused. Where the active one was refused, the other takes its place: a staged one as if it had been
   * promoted; one that was kept becomes active again, and its successor is staged again.
   */
  noteRefusal(refusal: ProvenRefusal): Promise<"refused" | "switched" | "unchanged">;
  /** At most one write a minute, however many instances note it. */
  markSecretUsed(id: string): Promise<void>;
  /** Erases what was kept long enough; gives what it erased. */
  eraseRetired(): Promise<ClientSecret[]>;
  /** Those in use or staged that end within so long, or have ended. */
  secretsEndingWithin(milliseconds: number): Promise<ClientSecret[]>;
  /** True for whoever is the first to warn of the end so many days ahead. */
  markWarned(id: string, days: number): Promise<boolean>;
}
