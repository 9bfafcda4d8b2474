import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const MEMORY = "/dev/shm";
/** Bytes. */
const ENOUGH = 4 * 2 ** 30;

/** A folder in memory, where this machine has one with room in which programs can run too; else null. */
export function memoryFolder(): string | null {
  try {
    const { bavail, bsize } = statfsSync(MEMORY);
    if (bavail * bsize < ENOUGH) return null;
    runProgramIn(MEMORY);
    return MEMORY;
  } catch {
    return null;
  }
}

function runProgramIn(folder: string): void {
  const own = mkdtempSync(join(folder, "evergrant-test-"));
  try {
    const program = join(own, "program");
    writeFileSync(program, "#!/bin/sh\n", { mode: 0o700 });
    execFileSync(program);
  } finally {
    rmSync(own, { recursive: true });
  }
}
