/** Who goes first when a token endpoint is busy: earlier ones before later ones (DESIGN §6). */
export const PRIORITIES = ["recovery", "caller", "lapsing", "ahead"] as const;
export type Priority = (typeof PRIORITIES)[number];

/** Where a token request goes, and how much of that at most. */
export interface Destination {
  /** Host and port of the token endpoint. */
  host: string;
  clientId: string;
  /** Of the client's provider. Where providers share a host, those of the latest request hold for the host as a whole. */
  limits: PaceLimits;
}

export interface PaceLimits {
  /** Token requests a second to the host, by all instances together; no client alone sends more either. */
  perSecond: number;
  /** Token requests to the host under way at once, by one instance. */
  concurrent: number;
}

/** What a token request came to, as far as the next ones are concerned. */
export type TurnEnd =
  | { kind: "answered" }
  /** 429 or 503: fewer, please. */
  | { kind: "throttled"; retryAfterMs: number | null }
  /** No answer, or an outage's. */
  | { kind: "failed" }
  /** Nothing was sent: the turn goes back, and nothing is learned of the server. */
  | { kind: "unused" };

export interface Turn {
  kind: "turn";
  /** Has to be called when the exchange is over or is not made after all; only the first call counts. */
  done(end: TurnEnd): void;
}

/** No turn now. `until` is when asking again makes sense (epoch milliseconds). */
export interface NoTurn {
  kind: "no_turn";
  /** `provider_rate_limited`: none in the time that the request would wait. `provider_unavailable`: the breaker is open. */
  cause: "provider_rate_limited" | "provider_unavailable";
  until: number;
}

/**
 * Spreads token requests over time: a token bucket per token host and per client, AIMD on throttling, `Retry-After` as a
 * floor, a breaker per host and client. In memory; its size is bounded by hosts and clients in use and by who waits.
 */
export interface Pace {
  /**
   * Waits for a turn, at most `patienceMs`, and not at all if that would not be enough; in order of priority, then of
   * arrival, but one turn in eight goes to whoever waits longest. `key` names the waiting one for `raise`.
   */
  turn(key: string, to: Destination, priority: Priority, patienceMs: number): Promise<Turn | NoTurn>;
  /** Somebody with more need waits for the same: moves it forward, never back. */
  raise(key: string, priority: Priority): void;
  /**
   * How many requests of each client that was here lately would have their turn, or have it already, within two seconds: more
   * than that is not worth claiming. 0 while nothing may be sent.
   */
  capacities(): ReadonlyMap<string, number>;
  /** This instance's part of `perSecond`, as instances come and go. */
  setShare(part: number): void;
}
