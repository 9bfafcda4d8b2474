import { parentPort, Worker, workerData } from "node:worker_threads";
import { z } from "zod";
import { runMany } from "./run-many.ts";
import { noTotals, sumOf, totalsSchema, type Totals } from "./totals.ts";

const seedsSchema = z.object({ from: z.number(), count: z.number(), step: z.number() });

/** In a worker: its share of the seeds. */
export async function work(): Promise<void> {
  tell(await runMany(seedsSchema.parse(workerData), tell));
}

function tell(totals: Totals): void {
  // A thread has no origin to name.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort?.postMessage(totals);
}

/** Shares seeds among threads that each run `entry`; as soon as one has found a breach, all end. */
export async function runInWorkers(
  entry: string,
  { from, count, workers }: { from: number; count: number; workers: number },
  progress: (totals: Totals) => void,
): Promise<Totals> {
  const latest = Array.from({ length: workers }, noTotals);
  const threads: Worker[] = [];

  function follow(index: number): Promise<void> {
    const seeds = { from: from + index, count: count - index, step: workers };
    const thread = new Worker(entry, { workerData: seeds });
    threads.push(thread);
    thread.on("message", (message) => {
      latest[index] = totalsSchema.parse(message);
      const totals = sumOf(latest);
      progress(totals);
      if (totals.failure) for (const one of threads) void one.terminate();
    });
    return new Promise((resolve, reject) => {
      thread.on("error", reject);
      thread.on("exit", () => resolve());
    });
  }

  await Promise.all(latest.map((_none, index) => follow(index)));
  return sumOf(latest);
}
