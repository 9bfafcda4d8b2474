import { existsSync } from "node:fs";
import { dirname } from "node:path";

/** The folder of a path, or the one above it that exists. */
export function nearestFolder(path: string): string {
  const folder = dirname(path);
  return existsSync(folder) || folder === path ? folder : nearestFolder(folder);
}
