import { LEASE } from "../../../src/refresh/lease-times.ts";
import { MINUTE, SECOND } from "../../../src/runtime/clock.ts";
import type { Exchange } from "../network.ts";
import type { Scene } from "../world.ts";
import { claimBehind, wasUnwell, type ClaimNote, type Subject } from "./subject.ts";

/** At most one exchange in flight per connection and generation, unless a takeover was recorded, and only under a claim. */
export function judgeSend(world: Scene, subject: Subject, exchange: Exchange): void {
  const { verdict, scheduler } = world;
  const claim = claimBehind(subject, exchange);
  if (!claim) return verdict.report("one exchange", subject.id, `${exchange.by.name} sent without a claim`);
  if (scheduler.now() - claim.at > LEASE) {
    const age = Math.round((scheduler.now() - claim.at) / 1000);
    verdict.report("inside the lease", subject.id, `${exchange.by.name} sent ${age} s after its claim`);
  }
  const other = subject.exchanges.find((earlier) => isInFlight(earlier) && isForSame(subject, earlier, claim));
  const isRecorded = claim.earlier !== null || world.database.rows.lease(subject.id).unanswered > 1;
  if (other && !isRecorded && !wasForgotten(world, { subject, other, exchange, claim })) {
    verdict.report(
      "one exchange",
      subject.id,
      `x${other.number} of ${other.by.name} is in flight, and no takeover was recorded`,
    );
  }
  countSend(world, subject, exchange);
}

interface SecondSend {
  subject: Subject;
  other: Exchange;
  exchange: Exchange;
  claim: ClaimNote;
}

/**
 * A failover has lost the claim of somebody who could not tell that it is still at it; or who was stopped between the last look
 * at the store and the send.
 */
function wasForgotten({ store }: Scene, { subject, other, exchange, claim }: SecondSend): boolean {
  const before = claimBehind(subject, other);
  if (before !== undefined && store.failedOverAt >= before.at && wasUnwell(other.by, claim.at)) return true;
  return store.failedOverAt >= claim.at && wasUnwell(exchange.by, exchange.sentAt);
}

function isForSame(subject: Subject, other: Exchange, { generation }: ClaimNote): boolean {
  return claimBehind(subject, other)?.generation === generation;
}

function isInFlight({ overAt, by }: Exchange): boolean {
  return overAt === null && by.alive;
}

/** More than this for one generation is a loop; back-off allows a few at once, and then one in a while. */
const FIRST_SENDS = 15;
const SEND_EVERY = 20 * SECOND;

function countSend({ scheduler, verdict }: Scene, subject: Subject, { by }: Exchange): void {
  const { generation } = subject.stored;
  const now = scheduler.now();
  if (subject.sends.generation !== generation) subject.sends = { generation, firstAt: now, count: 0 };
  subject.sends.count++;
  const allowed = FIRST_SENDS + (now - subject.sends.firstAt) / SEND_EVERY;
  if (subject.sends.count > allowed) {
    verdict.report("attempts", subject.id, `${subject.sends.count} token requests for generation ${generation}`);
  }
  if (subject.endedAt !== null && now - subject.endedAt > MINUTE) {
    verdict.report("attempts", subject.id, `${by.name} sent for a connection that is over`);
  }
}
