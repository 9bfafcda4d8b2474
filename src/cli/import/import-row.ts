import type { Secret } from "../../runtime/secret.ts";

/** What another system has of one token set. */
export interface RowTokens {
  accessToken: Secret<string> | null;
  refreshToken: Secret<string> | null;
  /** Epoch milliseconds; null where the other system does not know. */
  expiresAt: number | null;
  refreshExpiresAt: number | null;
  /** Separated by spaces. */
  scope: string | null;
}

/** A connection of another system, on its way here. */
export interface ImportRow {
  /** What the other system calls it. */
  sourceId: string;
  /** What `--client` may call the client that it is of; the most telling first. */
  clientNames: readonly string[];
  /** The client's id at the provider, where the other system tells it. */
  oauthClientId: string | null;
  account: { id: string; label?: string } | null;
  endUser: string | null;
  labels: Readonly<Record<string, string>>;
  /** Opened or fetched when it is needed, and not before. Throws `RowFault`. */
  tokens(this: void): RowTokens | Promise<RowTokens>;
}

/** A row of which nothing can be made. */
export interface FaultyRow {
  sourceId: string;
  fault: RowFault;
}

/** Where rows come from. */
export interface ImportSource {
  /** Named in the report. */
  name: string;
  rows(): AsyncIterable<ImportRow | FaultyRow>;
  /** The other system may refresh a token set in order to hand it out, so a dry run asks for none. */
  readingMayRefresh: boolean;
}

/** Why a row is not imported; the sentence holds nothing that was in a token. */
export class RowFault extends Error {
  override readonly name = "RowFault";
  readonly verdict: "malformed" | "sealed" | "no_refresh_token";

  constructor(verdict: RowFault["verdict"], sentence: string) {
    super(sentence);
    this.verdict = verdict;
  }
}

export function isFaulty(row: ImportRow | FaultyRow): row is FaultyRow {
  return "fault" in row;
}
