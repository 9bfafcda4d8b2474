import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";

const run = promisify(execFile);
const WRITER = fileURLToPath(new URL("children/store-writer.mjs", import.meta.url));

/** What `fill` came to: how much was written before the disk was full, how that was said, and what could still be read. */
const filled = z.object({
  written: z.int(),
  code: z.string(),
  cause: z.string(),
  sentence: z.string(),
  readable: z.string(),
});

/** Runs a task of `children/store-writer.mjs` on a database in a process of its own; what that prints is read as JSON. */
export async function inAnotherProcess(task: "open" | "commit", path: string, times = 0): Promise<unknown> {
  const { stdout } = await run(process.execPath, [WRITER, task, path, `${times}`]);
  return z.json().parse(JSON.parse(stdout));
}

/** Writes in a process of its own until no file may grow beyond `kibibytes`, as on a disk that is full. */
export async function fillDisk(kibibytes: number, path: string): Promise<z.infer<typeof filled>> {
  // POSIX counts 512-byte blocks.
  const limited = `ulimit -f ${kibibytes * 2} && exec "$0" "$@"`;
  const { stdout } = await run("sh", ["-c", limited, process.execPath, WRITER, "fill", path]);
  return filled.parse(JSON.parse(stdout));
}
