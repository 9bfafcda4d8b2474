import { constants, copyFileSync, existsSync, linkSync, renameSync } from "node:fs";
import { moveDurably } from "../backup/durably.ts";
import { lockAlone } from "./lock-alone.ts";

/**
 * Puts a database file in the place of another, which is kept under the name returned; null when there was none. There is a
 * database at the place at any moment, so that a service that starts meanwhile does not begin with an empty one.
 */
export function putInPlace(file: string, path: string): string | null {
  if (!existsSync(path)) {
    moveDurably(file, path);
    return null;
  }
  const lock = lockAlone(path);
  try {
    const aside = `${path}.before-restore-${new Date().toISOString().replaceAll(/[-:.]/g, "")}`;
    keep(path, aside);
    // Only a damaged database still has them. Beside another file they would be taken for its own.
    for (const suffix of ["-wal", "-shm"]) if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
    moveDurably(file, path);
    return aside;
  } finally {
    lock?.close();
  }
}

function keep(path: string, aside: string): void {
  try {
    linkSync(path, aside);
  } catch {
    // Not every file system has links.
    copyFileSync(path, aside, constants.COPYFILE_EXCL);
  }
}
