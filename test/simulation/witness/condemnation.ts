import { MINUTE } from "../../../src/runtime/clock.ts";
import { BRAKE_WINDOW, toleratedRejections } from "../../../src/refresh/brake.ts";
import type { Scene } from "../world.ts";
import type { StoredTokens } from "./rows.ts";
import type { Subject } from "./subject.ts";

/** The brake's own, less what the clocks may differ. */
const WINDOW = BRAKE_WINDOW - MINUTE;

/** A rejection may be written down some time after it was heard. */
const LATE = 5 * MINUTE;

/** No connection is condemned while the store has a refresh token that the server would take. */
export function judgeEnd(world: Scene, subject: Subject, before: StoredTokens): void {
  const { stored, site, id } = subject;
  const now = world.scheduler.now();
  if (stored.status !== "reauthorization_required" || before.status === stored.status) return;
  const living = [stored.newest, ...stored.spares].find((name) => name !== null && site.server.accepts(name));
  if (living === undefined) return;
  if (now - site.badHourUntil > LATE) {
    return world.verdict.report("condemned", id, `ended although the server would take ${living}`);
  }
  subject.excused.add(subject.family);
  // It was among those that were tolerated before, and has had its second chance.
  if (world.database.rows.wasReprieved(id, stored.generation)) return;
  site.endedInBadHour.set(id, now);
  const lately = [...site.endedInBadHour.values()].filter((at) => at > now - WINDOW).length;
  if (lately > toleratedRejections(0)) {
    world.verdict.report("brake", id, `${lately} connections ended within minutes, in a bad hour of the provider`);
  }
}
