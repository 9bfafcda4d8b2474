import type { FastifyReply } from "fastify";
import type { Clock } from "../../runtime/clock.ts";
import type { Observer } from "../../runtime/observer.ts";

/**
 * How it ended: with the API's whole answer; by the caller, or the end of this service; by the API in the middle of its answer; for
 * want of the API; or because another token was needed and not to be had.
 */
export type Outcome = "answered" | "aborted" | "broken" | "unreachable" | "refused";

/** One request on its way to an API and back, as it is counted and reported. */
export interface Passage {
  /** The caller is gone, and nobody waits for an answer any more. */
  signal: AbortSignal;
  sent(this: void, bytes: number): void;
  received(this: void, bytes: number): void;
  end(outcome: Outcome): void;
}

export function startPassage(
  { observer, clock }: { observer: Observer; clock: Clock },
  { keyId, connectionId }: { keyId: string; connectionId: string },
  response: FastifyReply["raw"],
): Passage {
  const startedAt = clock.monotonic();
  const caller = new AbortController();
  const bytes = { sent: 0, received: 0 };
  response.once("close", () => {
    if (!response.writableFinished) caller.abort();
  });
  return {
    signal: caller.signal,
    sent: (count) => void (bytes.sent += count),
    received: (count) => void (bytes.received += count),
    end: (outcome) =>
      observer.event("proxy.completed", {
        connectionId,
        by: keyId,
        outcome: caller.signal.aborted ? "aborted" : outcome,
        status: response.headersSent ? response.statusCode : null,
        bytesSent: bytes.sent,
        bytesReceived: bytes.received,
        durationMs: Math.round(clock.monotonic() - startedAt),
      }),
  };
}
