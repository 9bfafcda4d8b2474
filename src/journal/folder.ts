import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "./failure.ts";

/** Where the journals of all instances over this data directory are. */
export function journalRoot(dataDir: string): string {
  return join(dataDir, "journal");
}

export function folderPath(dataDir: string, instanceId: string): string {
  return join(journalRoot(dataDir), instanceId);
}

/** Instance ids come from the database too, and must not lead out of the folder. */
export function isFolderName(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,100}$/.test(text);
}

export function segmentName(number: number): string {
  return `${String(number).padStart(6, "0")}.log`;
}

/** The ids of all instances that have a folder; none when there is no journal yet. */
export async function listInstances(dataDir: string): Promise<string[]> {
  const entries = await orNone(readdir(journalRoot(dataDir), { withFileTypes: true }));
  return entries
    .filter((entry) => entry.isDirectory() && isFolderName(entry.name))
    .map(({ name }) => name)
    .toSorted();
}

/** The numbers of a folder's segments, ascending; none when there is no such folder. */
export async function listSegments(folder: string): Promise<number[]> {
  const names = await orNone(readdir(folder));
  return names
    .filter((name) => /^\d{6,10}\.log$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .toSorted((one, other) => one - other);
}

async function orNone<T>(listing: Promise<T[]>): Promise<T[]> {
  try {
    return await listing;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return [];
    throw error;
  }
}
