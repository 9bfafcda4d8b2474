import type { Provider } from "../provider/provider.ts";
import { SECOND } from "../runtime/clock.ts";

/** How long a claim lasts: longer than any exchange, with a margin for what comes before and after it. */
export const LEASE = 60 * SECOND;

/** The longest one exchange may take. */
const EXCHANGE_DEADLINE = 30 * SECOND;
const SHORTEST_DEADLINE = 5 * SECOND;

/** What is left of a lease after the exchange, to write down what it came to. */
const MARGIN = 5 * SECOND;

/** After an exchange that the server may still be working on, where a second one at the same time would be punished. */
export const STILL_WORKING = 60 * SECOND;

type Replay = Provider["replay"];

/** May a refresh token that was first sent at `firstSentAt` be sent again at once, without doing harm? */
export function mayResend(replay: Replay, firstSentAt: number, now: number): boolean {
  switch (replay.class) {
    case "static":
    case "until_used":
      return true;
    case "window":
      return now - firstSentAt < replay.seconds * SECOND;
    case "none":
    case "punished":
      return false;
  }
}

/**
 * How long after its first send a refresh token may be sent by somebody else, while its owner may be about to store the answer.
 * Such a request has to arrive inside the window too, however long it takes.
 */
export function replayableMs(replay: Replay): number {
  switch (replay.class) {
    case "static":
    case "until_used":
      return Infinity;
    case "window":
      return replay.seconds * SECOND - exchangeDeadline(replay);
    case "none":
    case "punished":
      return 0;
  }
}

/**
 * Until when nobody sends the refresh token again, because the window for replays has closed, and the server may still act on the
 * last request that was sent inside it: one of the two would then be a reuse. Null when nothing speaks against it.
 */
export function quietUntil(replay: Replay, firstSentAt: number, now: number): number | null {
  if (replay.class !== "window" || mayResend(replay, firstSentAt, now)) return null;
  const until = firstSentAt + replay.seconds * SECOND + exchangeDeadline(replay) + STILL_WORKING;
  return until > now ? until : null;
}

/** Inside a replay window there has to be time for a second and a third exchange after one that hangs. */
export function exchangeDeadline(replay: Replay): number {
  if (replay.class !== "window") return EXCHANGE_DEADLINE;
  return Math.min(EXCHANGE_DEADLINE, Math.max(SHORTEST_DEADLINE, (replay.seconds * SECOND) / 3));
}

/** Is there still time to send, `elapsed` after the claim, so that the exchange ends within the lease? */
export function isTimeToSend(elapsed: number, deadline: number): boolean {
  return elapsed < LEASE - deadline - MARGIN;
}

/** Could an answer replace the refresh token? Each answer decides; the entry only says where none ever did. */
export function mayRotate(replay: Replay): boolean {
  return replay.class !== "static";
}
