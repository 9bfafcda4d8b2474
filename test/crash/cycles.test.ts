import { expect, onTestFinished, test } from "vitest";
import { postgresDatabase } from "../stage/postgres/database.ts";
import { openShared, type DatabaseKind, type SharedDatabase } from "./database.ts";
import { proveCrashes } from "./prove-crashes.ts";

const DATABASES: readonly [DatabaseKind, () => Promise<DatabaseKind | SharedDatabase>][] = [
  ["sqlite", async () => "sqlite"],
  ["postgres", async () => openShared(await postgresDatabase())],
];

/** A short piece of `npm run prove:crash`, another one each time. */
test.each(DATABASES)(
  "kill -9 at random instants loses nothing that could be kept: %s",
  { timeout: 180_000 },
  async (_name, open) => {
    const seed = Date.now() % 1_000_000;
    onTestFinished(({ task }) => void (task.result?.state === "fail" && process.stderr.write(`seed ${seed}\n`)));
    const database = await open();
    const report = await proveCrashes({ database, cycles: 8, processes: 4, connections: 24, seed, pauses: false });
    expect(report.losses.filter(({ verdict }) => verdict.kind === "ours")).toEqual([]);
    expect(report.counts.reuseDetected).toBeLessThanOrEqual(report.losses.length);
    expect(report.lives.filter(({ killedAt }) => killedAt !== null)).toHaveLength(8);
    expect(report.counts.refreshesSucceeded).toBeGreaterThanOrEqual(24);
    expect(report.reads.answered).toBeGreaterThan(0);
    expect(report).toMatchObject({ damages: 0, reads: { expired: 0, unexpected: 0 } });
  },
);
