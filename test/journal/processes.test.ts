import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import type { Journaled } from "../../src/connection/journal.ts";
import { readJournals } from "../../src/journal/read-journals.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { contentOf, PATIENTLY } from "./journal-stage.ts";

const WRITER = fileURLToPath(new URL("children/journal-writer.mjs", import.meta.url));

/** A process that appends for ever, and says of what is acknowledged. */
function startWriter(dataDir: string) {
  const child = spawn(process.execPath, [WRITER, "append", dataDir, "ins_1"]);
  const ended = once(child, "close");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const acknowledged: string[] = [];
  const lines = createInterface(child.stdout).on("line", (line) => acknowledged.push(line));
  return {
    acknowledged,
    reached: async (count: number): Promise<void> => {
      await expect.poll(() => acknowledged.length, PATIENTLY).toBeGreaterThan(count);
    },
    kill: async () => {
      const read = once(lines, "close");
      child.kill("SIGKILL");
      await Promise.all([ended, read]);
    },
  };
}

function names(entries: readonly Journaled[]): string[] {
  return entries.map((entry) => `${entry.connectionId} ${entry.kind === "tokens" ? entry.tokens.generation : 0}`);
}

test("kill -9 takes nothing that was acknowledged, and leaves nothing that looks damaged", async () => {
  for (const count of [1, 20, 300]) {
    const dataDir = temporaryFolder();
    const writer = startWriter(dataDir);
    await writer.reached(count);
    await writer.kill();
    const { entries, damage } = await contentOf(join(dataDir, "journal", "ins_1"));
    expect(damage).toEqual([]);
    const missing = writer.acknowledged.filter((line) => !names(entries).includes(line));
    expect(missing).toEqual([]);
    const [journal] = await readJournals({ dataDir, from: "unsettled" });
    expect(journal?.owner).toBe("gone");
  }
});

test("a reader beside a process that writes sees everything that was acknowledged by then, and no damage", async () => {
  const dataDir = temporaryFolder();
  const writer = startWriter(dataDir);
  for (let round = 1; round <= 30; round++) {
    await writer.reached(round * 10);
    const acknowledged = [...writer.acknowledged];
    const { entries, damage } = await contentOf(join(dataDir, "journal", "ins_1"));
    expect(damage).toEqual([]);
    const seen = new Set(names(entries));
    expect(acknowledged.filter((line) => !seen.has(line))).toEqual([]);
  }
  const [journal] = await readJournals({ dataDir, from: "unsettled" });
  expect(journal).toMatchObject({ owner: "unknown", markReplayed: null });
});

/** What `fill` came to. */
const filled = z.object({
  acknowledged: z.array(z.int()),
  events: z.array(z.object({ name: z.string(), code: z.string().optional() })),
});

test("a real limit of the disk is a failure, after which everything acknowledged is there and appending goes on", async () => {
  const dataDir = temporaryFolder();
  // No file may grow beyond 256 KiB; POSIX counts 512-byte blocks.
  const limited = 'ulimit -f 512 && exec "$0" "$@"';
  const { stdout } = await promisify(execFile)("sh", [
    "-c",
    limited,
    process.execPath,
    WRITER,
    "fill",
    dataDir,
    "ins_1",
  ]);
  const { acknowledged, events } = filled.parse(JSON.parse(stdout));
  expect(events).toEqual([{ name: "journal.failed", code: "EFBIG" }, { name: "journal.recovered" }]);
  const { entries, damage } = await contentOf(join(dataDir, "journal", "ins_1"));
  expect(names(entries)).toEqual(acknowledged.map((generation) => `con_1 ${generation}`));
  expect(damage).toEqual([]);
});
