import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { folderPath, journalRoot, listSegments, segmentName } from "../journal/folder.ts";
import { replaceFile } from "../journal/replace-file.ts";
import { HEADER_LENGTH } from "../journal/segment-format.ts";
import type { Seen } from "../refresh/restore-evidence.ts";

const schema = z.object({
  installation: z.string(),
  clone: z.string().nullable(),
  beats: z.number(),
  at: z.number(),
  restoredAt: z.number().nullable(),
  since: z.number(),
  company: z.boolean(),
  instances: z.record(z.string(), z.number()),
});

/** What the data directory remembers of its database; null when it remembers nothing, or nothing readable. */
export async function readSeen(dataDir: string): Promise<Seen | null> {
  try {
    return schema.parse(JSON.parse(await readFile(pathIn(dataDir), "utf8")));
  } catch {
    return null;
  }
}

export function writeSeen(dataDir: string, seen: Seen): Promise<void> {
  return replaceFile(pathIn(dataDir), `${JSON.stringify(seen)}\n`);
}

function pathIn(dataDir: string): string {
  return join(journalRoot(dataDir), "high-water.json");
}

/** The length of all entries in the journal of an instance. */
export async function journalSize(dataDir: string, instanceId: string): Promise<number> {
  const folder = folderPath(dataDir, instanceId);
  const sizes = (await listSegments(folder)).map((number) => sizeOf(join(folder, segmentName(number))));
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** Old segments may be deleted meanwhile. */
async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => Math.max(0, size - HEADER_LENGTH),
    () => 0,
  );
}
