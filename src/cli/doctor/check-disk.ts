import { statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Settings } from "../../service/settings.ts";
import { fine, wrong, type Finding } from "./finding.ts";
import { nearestFolder } from "./nearest-folder.ts";

const CHECK = "disk space";
const MEBIBYTE = 1024 * 1024;

/** A refresh whose result cannot be written is a refresh token at risk, so the floor lies well above one write. */
const FLOOR = 64 * MEBIBYTE;

/** Free space where this machine writes, or will: the database file, or what is kept beside a database elsewhere. */
export async function checkDisk({ database, dataDir }: Settings): Promise<Finding> {
  const folder = nearestFolder(database.kind === "sqlite" ? database.path : join(dataDir, "any file"));
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  const found = `${Math.floor(free / MEBIBYTE)} MiB free for ${folder}`;
  return free >= FLOOR
    ? fine(CHECK, found)
    : wrong("database", CHECK, found, "Free some space before the disk is full.");
}
