import type { AccessToken } from "../../../src/refresh/access-token.ts";
import { SECOND } from "../../../src/runtime/clock.ts";
import type { Instance } from "../instance.ts";
import type { Scene } from "../world.ts";
import type { Subject } from "./subject.ts";

/** How long another process's change may stay unseen, and a moment. */
const UNSEEN = 6 * SECOND;

/** Nobody is handed an access token that is known to be expired, or whose refresh token is not safe yet. */
export function judgeHandedOut(
  world: Scene,
  subject: Subject,
  { by, askedAt, token }: { by: Instance; askedAt: number; token: AccessToken },
): void {
  const name = token.accessToken.reveal();
  const report = (what: string): void =>
    world.verdict.report("handed out", subject.id, `${by.name} handed out ${name}, ${what}`);
  const companion = subject.issued.get(name);
  if (companion === undefined) return report("which is not of this connection");
  if (companion !== null && !subject.secured.has(companion)) report(`although ${companion} is not safe yet`);
  if (token.expiresAt !== null && token.expiresAt <= by.ports.clock.now()) report("which is expired");
  const newest = subject.commits.findLast(({ at }) => at <= askedAt - UNSEEN);
  const { failedOverAt, awayUntil } = world.store;
  const isOverthrown = Math.max(failedOverAt, awayUntil, by.unwellUntil) >= askedAt - UNSEEN;
  if (newest && !isOverthrown && token.generation < newest.generation)
    report(`although generation ${newest.generation} was stored`);
}
