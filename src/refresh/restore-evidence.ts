import { MINUTE } from "../runtime/clock.ts";
import type { Past } from "./restores.ts";

/** What a data directory remembers of the database whose refresh tokens its journals hold. Times are the database's. */
export interface Seen {
  installation: string;
  clone: string | null;
  /** How many signs of life there had been when it was last seen, and when that was. */
  beats: number;
  at: number;
  /** The last restore it had been through by then; null: none. */
  restoredAt: number | null;
  /** Every refresh token that was received from then on is in a journal of this data directory. */
  since: number;
  /** Other instances lived then, which have their journals here. */
  company: boolean;
  /** Instances with entries in their journal here, the latest hundred, and when each last had a new one. */
  instances: Readonly<Record<string, number>>;
}

/** What an instance knows of the journals in its data directory. */
export interface Journals {
  /** The instance itself. */
  own: string;
  /** The instances that have a journal here. */
  here: readonly string[];
  /** Whether its own takes entries, and has any since it was last looked at. */
  isWritable: boolean;
  hasGrown: boolean;
}

type Named = Pick<Past, "installation" | "clone">;

/** `clone`: one of the two databases was made from the other, and its records look like the other's. */
export function relationOf(one: Named, other: Named): "same" | "clone" | "other" {
  if (one.installation !== other.installation) return "other";
  return one.clone === other.clone ? "same" : "clone";
}

/** Is there a restore whose consequences this data directory has not had a part in yet? */
export function hasNews(seen: Seen | null, { restore }: Past): boolean {
  return restore !== null && (restore.pending || restore.at !== (seen?.restoredAt ?? null));
}

/** Signs of life of one instance in between: the one whose note was lost, and our own. */
const UNDISTURBED = 2;
const MOST_REMEMBERED = 100;

/** What is remembered after a sign of life that found nothing wrong. */
export function remember(seen: Seen | null, past: Past, journals: Journals): Seen {
  const others = past.living.filter((id) => id !== journals.own);
  const areHere = others.every((id) => journals.here.includes(id));
  const company = others.length > 0 && areHere;
  // Somebody may have come and gone while nobody with a journal here looked.
  const wasFollowed = seen !== null && (company || seen.company || past.beats - seen.beats <= UNDISTURBED);
  const covers = wasFollowed && areHere && journals.isWritable;
  const { installation, clone, beats, now: at } = past;
  const since = covers ? seen.since : at;
  const instances = { ...seen?.instances, ...(journals.hasGrown && { [journals.own]: at }) };
  const restoredAt = past.restore?.at ?? null;
  return withInstances({ installation, clone, beats, at, restoredAt, since, company }, instances);
}

/** What is forgotten for want of room is not vouched for any more. */
function withInstances(seen: Omit<Seen, "instances">, instances: Record<string, number>): Seen {
  const latestFirst = Object.entries(instances).toSorted(([, one], [, other]) => other - one);
  const forgotten = latestFirst.slice(MOST_REMEMBERED).map(([, at]) => at);
  const since = Math.max(seen.since, ...forgotten);
  return { ...seen, since, instances: Object.fromEntries(latestFirst.slice(0, MOST_REMEMBERED)) };
}

/** What was noted by two instances of one data directory. */
export function merge(one: Seen, other: Seen): Seen {
  const latest = one.at >= other.at ? one : other;
  const instances = { ...one.instances };
  for (const [id, at] of Object.entries(other.instances)) instances[id] = Math.max(at, instances[id] ?? 0);
  return withInstances({ ...latest, since: Math.max(one.since, other.since) }, instances);
}

/** By how much the clocks of instances may differ from the database's. */
const SKEW = 5 * MINUTE;

/** What a look at all journals in the data directory came to. */
export interface Replayed {
  /** Something in them could not be read. */
  damaged: boolean;
  /** The instances that have entries there. */
  filled: readonly string[];
}

/**
 * Once they are replayed: since when a token set that is stored is known to be the newest of its connection. 0 when the journals
 * reach back to the backup, so that what they do not name has not changed since; null when nothing is known.
 */
export function newestSince(
  seen: Seen | null,
  { restore, now }: Pick<Past, "now" | "restore">,
  { damaged, filled }: Replayed,
  keptMs: number,
): number | null {
  if (seen === null || restore === null || damaged) return null;
  const since = Math.max(seen.since, now - keptMs);
  const needed = Object.entries(seen.instances).filter(([, at]) => at >= Math.max(restore.from, since));
  if (needed.some(([id]) => !filled.includes(id))) return null;
  return since <= restore.from ? 0 : since + SKEW;
}
