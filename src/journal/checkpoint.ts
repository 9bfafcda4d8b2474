import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { START, type Position } from "./position.ts";
import { replaceFile } from "./replace-file.ts";

const schema = z.object({ segment: z.int().nonnegative(), offset: z.int().nonnegative() });

/** Up to where everything in the folder is in the store. Without a readable checkpoint nothing is taken to be. */
export async function readCheckpoint(folder: string): Promise<Position> {
  try {
    return schema.parse(JSON.parse(await readFile(pathIn(folder), "utf8")));
  } catch {
    return START;
  }
}

export function writeCheckpoint(folder: string, { segment, offset }: Position): Promise<void> {
  return replaceFile(pathIn(folder), `${JSON.stringify({ segment, offset })}\n`);
}

function pathIn(folder: string): string {
  return join(folder, "settled.json");
}
