import type { Cause } from "../connection/cause.ts";
import type { TokenSetOrigin } from "../connection/token-record.ts";

/** What a refresh came to, for whoever waited on it. */
export type RefreshResult =
  /** A token set later than the one found wanting is stored, or journaled while the store is down. */
  | { kind: "renewed" }
  /** Nothing was sent, and nothing needs to be. */
  | { kind: "unchanged" }
  /** Nothing was sent, because nobody reads the connection and its refresh token does not lapse yet. */
  | { kind: "resting" }
  /** Over until a person acts; the connection's status and diagnosis say more. */
  | { kind: "ended" }
  | { kind: "retry_later"; cause: Cause; retryAt: number }
  | { kind: "client_suspended"; cause: Cause; retryAt: number };

/** A step of a refresh that changed what the next one has to look at. */
export interface Again {
  kind: "again";
}

export const AGAIN: Again = { kind: "again" };

export interface RefreshRequest {
  connectionId: string;
  /** The generation that was found wanting; a later one makes the refresh unnecessary. */
  generation: number;
  origin: Exclude<TokenSetOrigin, "connect" | "import">;
}
