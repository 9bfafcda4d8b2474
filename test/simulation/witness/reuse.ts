import { LEASE, mayResend, STILL_WORKING } from "../../../src/refresh/lease-times.ts";
import { MINUTE } from "../../../src/runtime/clock.ts";
import type { RefreshToken } from "../authorization-server.ts";
import type { Exchange } from "../network.ts";
import type { Scene } from "../world.ts";
import { claimBehind, wasUnwell, type ClaimNote, type Subject } from "./subject.ts";
import { holdersOf, isKept } from "./whereabouts.ts";

/** Beyond the lease of an owner that went silent (DESIGN §5.9). */
const QUARANTINE = MINUTE;

/**
 * The server has ended a family because a used refresh token came again. That is nobody's fault only when its successor could
 * not be had: it never arrived, or whoever had it was out of reach for longer than lease and quarantine.
 */
export function judgePunishment(world: Scene, subject: Subject, exchange: Exchange): void {
  const token = subject.site.server.find(exchange.sent);
  const claim = claimBehind(subject, exchange);
  if (!token || !claim) return;
  const blame = token.successors
    .map((successor) => blameFor(world, subject, { exchange, claim, successor }))
    .find((reason) => reason !== null);
  if (blame)
    world.verdict.report(
      "needless reuse",
      subject.id,
      `${exchange.by.name} sent ${exchange.sent} again although ${blame}`,
    );
  subject.excused.add(token.family);
}

interface Reuse {
  exchange: Exchange;
  claim: ClaimNote;
  successor: RefreshToken;
}

/** Why the successor should have been used instead; null when it could not. */
function blameFor(world: Scene, subject: Subject, { exchange, claim, successor: { name } }: Reuse): string | null {
  const first = subject.exchanges.find(({ issued }) => issued?.refreshToken?.name === name);
  const other = first && claimBehind(subject, first);
  if (subject.rolledBack.has(name)) return null;
  if (!other || !isAnywhere(world, subject, name)) return null;
  const isFirst = other.at === claim.at ? first.number < exchange.number : other.at < claim.at;
  const [before, after] = isFirst ? [other, claim] : [claim, other];
  const journaledAt = exchange.by.disk.holds.get(name) ?? Number.POSITIVE_INFINITY;
  if (before === other && journaledAt < after.at) return `${name} is in a journal that it can read`;
  // Its own request is still on its way, so whatever it brings is lost.
  if (before === claim && !before.process.alive) return null;
  const isReplayAnswered = mayResend(subject.site.entry.replay, before.databaseAt, after.databaseAt);
  // It gave up on its own request, which reaches the server only after the one that was sent in its place, in due time.
  const { overAt } = exchange;
  if (before === claim && overAt !== null && (isReplayAnswered || after.at >= overAt + STILL_WORKING)) return null;
  const isWaitOver = isReplayAnswered || after.databaseAt >= before.leaseFrom + LEASE + QUARANTINE;
  const isOwnerOut = wasUnwell(before.process, after.at);
  if (isOwnerOut && (isWaitOver || world.store.failedOverAt >= before.at)) return null;
  if (world.store.clockJumpedAt >= before.at) return null;
  return `${name} is with ${before.process.name}, which could have been waited for`;
}

function isAnywhere(world: Scene, subject: Subject, name: string): boolean {
  return isKept(world, subject, name) || holdersOf(subject, name).length > 0;
}
