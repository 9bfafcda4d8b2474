import { isMainThread } from "node:worker_threads";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openSimulatedDatabase } from "./database.ts";
import { report } from "./run-many.ts";
import { runSeed } from "./run.ts";
import type { Totals } from "./totals.ts";
import { runInWorkers, work } from "./workers.ts";

const USAGE = `Usage: npm run simulate -- [options]

  --seeds <number>    how many seeds to run (1000)
  --from <seed>       the first of them (1); from a million on, clients have secrets that change, and from two on
                      somebody looks after incidents
  --workers <number>  threads that share them (1)
  --seed <seed>       run this one alone, and print what led to a breach
  --trace             with --seed: print everything that happened
`;

if (isMainThread) process.exitCode = await main();
else await work();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seeds: { type: "string", default: "1000" },
      from: { type: "string", default: "1" },
      workers: { type: "string", default: "1" },
      seed: { type: "string" },
      trace: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return print(USAGE, 0);
  if (values.seed !== undefined) return playOne(Number(values.seed), values.trace);
  const from = Number(values.from);
  return playMany({ from, count: Number(values.seeds), workers: Number(values.workers) });
}

async function playOne(seed: number, isWhole: boolean): Promise<number> {
  const run = await runSeed(await openSimulatedDatabase(), seed, { traced: true });
  if (isWhole) process.stdout.write(`${run.trace.lines(null).join("\n")}\n`);
  return print(report(run, isWhole || !run.breach ? 0 : Number.POSITIVE_INFINITY), run.breach ? 1 : 0);
}

async function playMany(wanted: { from: number; count: number; workers: number }): Promise<number> {
  const start = Date.now();
  const speed = ({ seeds }: Totals): string => `${((seeds * 1000) / (Date.now() - start)).toFixed(1)} seeds/s`;
  const totals = await runInWorkers(fileURLToPath(import.meta.url), wanted, (sofar) => {
    process.stderr.write(`\r${sofar.seeds} of ${wanted.count} seeds, ${speed(sofar)}   `);
  });
  process.stderr.write("\n");
  if (totals.failure) return print(`${totals.failure.report}Replay it with --seed ${totals.failure.seed}.\n`, 1);
  const { seeds, fewestFaults, exchanges, steps, hours } = totals;
  const faults = Object.entries(totals.faults).toSorted(([, a], [, b]) => b - a);
  const all = faults.reduce((sum, [, count]) => sum + count, 0);
  return print(
    [
      `${seeds} seeds, 0 broken invariants, ${speed(totals)}`,
      `${all} faults, at least ${fewestFaults} in each run; ${exchanges} token requests, ${steps} steps, ${Math.round(hours)} virtual hours`,
      ...faults.map(([kind, count]) => `  ${count.toString().padStart(8)}  ${kind}`),
      "",
    ].join("\n"),
    0,
  );
}

function print(text: string, exitCode: number): number {
  process.stdout.write(text);
  return exitCode;
}
