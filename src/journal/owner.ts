import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { errnoOf } from "./failure.ts";
import { replaceFile } from "./replace-file.ts";

/** Where this process runs, and how it learns about its neighbours. */
export interface Machine {
  host: string;
  pid: number;
  /** False only when there provably is no process of that id. */
  isAlive(pid: number): boolean;
}

export const thisMachine: Machine = { host: hostname(), pid: process.pid, isAlive };

const schema = z.object({ pid: z.int().positive(), host: z.string(), startedAt: z.number() });

/** Says whose folder it is. */
export function writeOwner(folder: string, { host, pid }: Machine, startedAt: number): Promise<void> {
  return replaceFile(join(folder, "owner.json"), `${JSON.stringify({ pid, host, startedAt })}\n`);
}

/**
 * Has the folder's owner provably ended? It has when it ran on this host and its process id belongs to nobody, or to this
 * process, which owns another folder. Another host, a process of that id, or no readable owner prove nothing.
 */
export function isOwnerGone(folder: string, machine: Machine): boolean {
  const owner = readOwner(folder);
  if (owner === null || owner.host !== machine.host) return false;
  return owner.pid === machine.pid || !machine.isAlive(owner.pid);
}

function readOwner(folder: string): z.infer<typeof schema> | null {
  try {
    return schema.parse(JSON.parse(readFileSync(join(folder, "owner.json"), "utf8")));
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errnoOf(error) !== "ESRCH";
  }
}
