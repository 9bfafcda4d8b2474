import type { RefreshTokenRecord } from "@evergrant/sandbox";
import type { LogEntry } from "./claim-log.ts";
import type { Life } from "./life.ts";

/** What happened to a refresh token that the server issued and that is in no journal. */
export type Verdict =
  /** The process that had asked for it was killed before the server made it, or before that process could keep it. */
  | { kind: "unavoidable"; killed: "before_commit" | "before_answer" | "before_journal"; answeredForMs: number }
  /** Anything else. */
  | { kind: "ours"; why: string };

export interface Evidence {
  /** The server's record of the connection's family of refresh tokens, oldest first. */
  family: readonly RefreshTokenRecord[];
  /** Claims of this connection, oldest first. */
  claims: readonly LogEntry[];
  lives: readonly Life[];
}

/** A process that runs so long after the answer was sent to it has the token on disk. */
const TIME_TO_KEEP = 2000;

/**
 * Whose fault it is that `lost` was not kept: a refresh token of the family other than the first, which was imported. Only
 * one explanation is accepted, a `kill -9` of the very process that had sent the request, before or shortly after the answer.
 */
export function verdictOn(lost: RefreshTokenRecord, evidence: Evidence): Verdict {
  const request = evidence.family[evidence.family.indexOf(lost) - 1]?.requests[0];
  if (!request) return ours("the server issued it without a request that it knows of");
  const sender = senderOf(request, evidence);
  if (!sender) return ours("nobody had claimed the connection when the request came");
  const { instanceId, killedAt } = sender;
  if (killedAt === null) return ours(`${instanceId} asked for it and was not killed`);
  const answeredForMs = request.answeredAt === null ? 0 : runningTime(sender, request.answeredAt, killedAt);
  if (answeredForMs > TIME_TO_KEEP) return ours(`${instanceId} had it for ${answeredForMs} ms before it was killed`);
  return { kind: "unavoidable", killed: phaseOf(killedAt, lost, request.answeredAt), answeredForMs };
}

type Request = RefreshTokenRecord["requests"][number];

/**
 * Who had claimed last when the request came. One that nobody waited for any more is from a process that was gone by then: the
 * server may have come to it only after the next process had claimed, and one that lives waits for its answer.
 */
function senderOf({ arrivedAt, answeredAt }: Request, { claims, lives }: Evidence): Life | undefined {
  const earlier = claims.filter(({ at }) => at <= arrivedAt);
  const generation = earlier.at(-1)?.generation;
  const owners = earlier.filter((claim) => claim.generation === generation).map(({ owner }) => owner);
  const senders = owners.map((owner) => lives.find(({ instanceId }) => instanceId === owner));
  if (answeredAt !== null) return senders.at(-1);
  return senders.findLast((life) => life?.killedAt !== null) ?? senders.at(-1);
}

/** Of the time between the two, what the process was not paused for. */
function runningTime({ pauses }: Life, from: number, to: number): number {
  const paused = pauses.map((pause) => Math.max(0, Math.min(pause.to, to) - Math.max(pause.from, from)));
  return Math.max(0, to - from - paused.reduce((sum, ms) => sum + ms, 0));
}

function phaseOf(killedAt: number, { issuedAt }: RefreshTokenRecord, answeredAt: number | null) {
  if (killedAt < issuedAt) return "before_commit";
  return answeredAt === null || killedAt < answeredAt ? "before_answer" : "before_journal";
}

function ours(why: string): Verdict {
  return { kind: "ours", why };
}
