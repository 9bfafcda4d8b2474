import type { RefreshToken } from "../authorization-server.ts";
import type { Scene } from "../world.ts";
import { isKept } from "./whereabouts.ts";
import type { Subject } from "./subject.ts";

/** A refresh token that has been in a journal or in the store, and that still brings tokens, is not missing from all of them. */
export function judgeCustody(world: Scene, subject: Subject): void {
  for (const name of subject.watched) {
    if (isKept(world, subject, name)) continue;
    if (isOfNoUse(subject, name)) subject.watched.delete(name);
    else world.verdict.report("custody", subject.id, `${name} is kept nowhere, and the server would take it`);
  }
}

function isOfNoUse(subject: Subject, name: string): boolean {
  const { server } = subject.site;
  const token = server.find(name);
  if (!token || !server.accepts(name) || isOfOldConsent(subject, token)) return true;
  return isReplaced(subject, token) || isOutlived(subject, token);
}

/**
 * What only the store had, and lost with a failover, is lost. So is the end of a chain that was out of use, because the consent
 * that had put it there is lost as well.
 */
export function noteRolledBack(world: Scene, subject: Subject): void {
  for (const name of subject.secured) {
    if (isKept(world, subject, name)) continue;
    const token = subject.site.server.find(name);
    const isInUseAgain = token?.family === subject.family && !isReplaced(subject, token);
    if (subject.watched.delete(name) || isInUseAgain) subject.rolledBack.add(name);
  }
}

/** A user who consents anew, or ends it, has no use for what came before. */
function isOfOldConsent({ family, stored }: Subject, token: RefreshToken): boolean {
  return stored.status === "disconnected" || token.family !== family;
}

/** A successor took its place: that it might be sent again is of no use any more. */
function isReplaced({ secured }: Subject, { successors }: RefreshToken): boolean {
  return successors.some(({ name }) => secured.has(name));
}

/** What is stored was issued later, and the provider takes it. */
function isOutlived({ site: { server }, stored }: Subject, { order }: RefreshToken): boolean {
  const newest = stored.newest === null ? undefined : server.find(stored.newest);
  return newest !== undefined && newest.order > order && server.accepts(newest.name);
}
