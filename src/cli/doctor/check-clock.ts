import { SECOND } from "../../runtime/clock.ts";
import { fine, warning, type Finding } from "./finding.ts";
import type { Visit } from "./reach-providers.ts";

const CHECK = "clock";

/** Expiries are counted from here, and signed requests are refused beyond about this much. */
const TOLERANCE = 30 * SECOND;

/** Compares the clock with the provider that agrees best: one that is wrong itself then says nothing about this machine. */
export function checkClock(visits: readonly Visit[]): Finding[] {
  if (visits.length === 0) return [];
  const next = "Let a time service such as NTP set the clock of this machine.";
  const [best] = visits.filter(hasTime).toSorted((a, b) => Math.abs(a.ahead) - Math.abs(b.ahead));
  if (best === undefined) return [warning(CHECK, "not compared, because no provider told its time", next)];
  const off = Math.round(Math.abs(best.ahead) / SECOND);
  if (Math.abs(best.ahead) <= TOLERANCE) return [fine(CHECK, `agrees with ${best.host} to ${Math.max(1, off)} s`)];
  return [warning(CHECK, `${off} s ${best.ahead > 0 ? "ahead of" : "behind"} ${best.host}`, next)];
}

/** Leases and back-off are counted by the database's clock, lifetimes of tokens by ours. */
const DATABASE_TOLERANCE = 5 * SECOND;

/** `ahead`: how far this machine's clock is ahead of the database's, in milliseconds. Nothing to say when it is not. */
export function checkDatabaseClock(ahead: number): Finding[] {
  if (Math.abs(ahead) <= DATABASE_TOLERANCE) return [];
  const off = Math.round(Math.abs(ahead) / SECOND);
  const next = "Let a time service such as NTP set the clocks of this machine and of the database's.";
  return [warning(CHECK, `${off} s ${ahead > 0 ? "ahead of" : "behind"} the database`, next)];
}

function hasTime(visit: Visit): visit is Visit & { ahead: number } {
  return visit.ahead !== null;
}
