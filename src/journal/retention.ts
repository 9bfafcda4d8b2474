import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { DAY, HOUR } from "../runtime/clock.ts";
import { readCheckpoint } from "./checkpoint.ts";
import { folderPath, listInstances, listSegments, segmentName } from "./folder.ts";
import { isOwnerGone, type Machine } from "./owner.ts";
import type { Position } from "./position.ts";
import { readHeader } from "./read-folder.ts";
import { HEADER_LENGTH } from "./segment-format.ts";
import { SEGMENT_SPAN } from "./segments.ts";

/** How long entries are kept that are in the store: as long as somebody may want to restore a backup over it. */
export const KEPT = 7 * DAY;
/** How long entries are kept that nobody brought to the store. By then hardly a refresh token is alive. */
const KEPT_UNSETTLED = 30 * DAY;
/** How long a segment without entries is kept. Its folder proves that its owner has ended, so that nobody waits for that. */
const KEPT_EMPTY = HOUR;

export interface Pruning {
  dataDir: string;
  machine: Machine;
  now: number;
  /** The instance that prunes, and up to where its own entries are in the store. */
  own: { instanceId: string; settledTo: Position };
  /** Also what is unsettled and older than 30 days; not before a start has had its chance to bring it to the store. */
  unsettledToo: boolean;
}

interface Folder {
  path: string;
  /** Everybody but `gone` may be writing the last segment. */
  owner: "own" | "gone" | "unknown";
  settledTo: Position;
}

/** Deletes old segments, and the folders of instances that ended and left nothing. Leaves what it cannot delete. */
export async function prune(pruning: Pruning): Promise<void> {
  const instanceIds = await listInstances(pruning.dataDir).catch(() => []);
  for (const instanceId of instanceIds) {
    const folder = await folderOf(instanceId, pruning);
    await pruneFolder(folder, pruning).catch(() => undefined);
  }
}

async function folderOf(instanceId: string, { dataDir, machine, own }: Pruning): Promise<Folder> {
  const path = folderPath(dataDir, instanceId);
  if (instanceId === own.instanceId) return { path, owner: "own", settledTo: own.settledTo };
  return { path, owner: isOwnerGone(path, machine) ? "gone" : "unknown", settledTo: await readCheckpoint(path) };
}

/** The oldest first, and none behind one that is kept, so that a missing segment always means damage. */
async function pruneFolder(folder: Folder, pruning: Pruning): Promise<void> {
  const numbers = await listSegments(folder.path);
  for (const number of numbers) {
    const isLast = number === numbers.at(-1);
    if (!(await isDisposable(folder, { number, isLast }, pruning))) return;
    await rm(join(folder.path, segmentName(number)), { force: true });
  }
  const isAbandoned = folder.owner === "gone" || (folder.owner === "unknown" && numbers.length > 0);
  if (isAbandoned) await rm(folder.path, { recursive: true, force: true });
}

async function isDisposable(
  { path, owner, settledTo }: Folder,
  { number, isLast }: { number: number; isLast: boolean },
  { now, unsettledToo }: Pruning,
): Promise<boolean> {
  const { size, mtimeMs } = await stat(join(path, segmentName(number)));
  const header = await readHeader(path, number);
  const age = now - ((header?.madeAt ?? mtimeMs) + SEGMENT_SPAN);
  const isForgotten = unsettledToo && age > KEPT_UNSETTLED;
  const isEmpty = size <= HEADER_LENGTH;
  // A living instance begins a new segment every day, so that an unknown one that has not for so long is none.
  if (isLast && owner !== "gone") return owner === "unknown" && isForgotten;
  if (isForgotten || (isEmpty && age > KEPT_EMPTY)) return true;
  return age > KEPT && number < settledTo.segment;
}
