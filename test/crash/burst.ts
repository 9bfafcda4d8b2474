import { parseArgs } from "node:util";
import { z } from "zod";
import { runBurst, type BurstRun } from "./burst-run.ts";
import { createChance } from "./chance.ts";

const USAGE = `Usage: npm run prove:burst -- --database sqlite|postgres [options]

Lets connections of two providers expire in the same second, and compares what it means for one of them whether the
other answers or says nothing: it is not delayed by that, and neither gets more requests than its pace. Exits with 1
when it is not so.

  --connections <number>  of both providers together (default 10000)
  --processes <number>    processes over one database (default 4)
  --per-second <number>   pace of each provider (default 100)
  --rounds <number>       how often to run it each way; medians count (default 3)
`;

const count = z.coerce.number().int().min(1);
const options = z.object({
  database: z.enum(["sqlite", "postgres"]),
  connections: count.default(10_000),
  processes: count.default(4),
  "per-second": count.default(100),
  rounds: count.default(3),
});

/** What a provider that hangs may cost another one. */
const MOST_DELAY = 100;
/** The pace lets requests for half a second come at once; in a longer time there are no more than the rate says. */
const BURST_SECONDS = 0.5;

function readOptions(): z.infer<typeof options> {
  const text = { type: "string" } as const;
  const known = { database: text, connections: text, processes: text, "per-second": text, rounds: text };
  try {
    return options.parse(parseArgs({ options: known }).values);
  } catch {
    process.stderr.write(USAGE);
    process.exit(2);
  }
}

function at(sorted: readonly number[], share: number): number {
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

function spread(sorted: readonly number[]): string {
  return [0.1, 0.5, 0.9, 0.99, 1].map((share) => at(sorted, share)).join(" / ");
}

/** By how many requests any stretch of time exceeds the rate, at most. */
function excess(arrivals: readonly number[], perSecond: number): number {
  let lowest = Number.POSITIVE_INFINITY;
  let most = 0;
  for (const [index, time] of arrivals.entries()) {
    const ahead = index - (time * perSecond) / 1000;
    lowest = Math.min(lowest, ahead);
    most = Math.max(most, ahead + 1 - lowest);
  }
  return Math.round(most);
}

function describe(name: string, { measured, other, waits, failures, lag }: BurstRun): string {
  return `${name}
  requests to the provider that is measured: ${measured.length}, after ${spread(measured)} ms (10th, 50th, 90th, 99th, 100th of 100); ahead of its rate by ${excess(measured, given["per-second"])} at most
  requests to the other: ${other.length}; ahead of its rate by ${excess(other, given["per-second"])} at most
  callers of the provider that is measured: ${waits.length}, waited ${spread(waits)} ms; without a token ${failures}
  this process, which is both the providers and the callers, stood still for ${Math.round(lag)} ms at most`;
}

const given = readOptions();
const { database, processes } = given;
const each = Math.ceil(given.connections / 2);
const burst = { database, processes, connections: each, perSecond: given["per-second"], chance: createChance(1) };
const usual: BurstRun[] = [];
const beside: BurstRun[] = [];
// By turns: what is due is looked for once a second, so each run begins at another moment of that second.
for (let round = 0; round < given.rounds; round++) {
  usual.push(await run("beside a provider that answers", "answers"));
  beside.push(await run("beside a provider that hangs", "hangs"));
}
const delay = medianOf(beside, "measured") - medianOf(usual, "measured");
const callerDelay = medianOf(beside, "waits") - medianOf(usual, "waits");
const isProven = Math.max(delay, callerDelay) <= MOST_DELAY && [...usual, ...beside].every(isInOrder);
process.stdout
  .write(`${database}, ${processes} processes, ${each} connections of each provider, ${given["per-second"]} a second, ${given.rounds} rounds
delay of the median request ${delay} ms, of the median caller ${callerDelay} ms
${isProven ? "proven" : "NOT proven"}
`);
process.exit(isProven ? 0 : 1);

async function run(name: string, other: "answers" | "hangs"): Promise<BurstRun> {
  const result = await runBurst(burst, other);
  process.stdout.write(`${describe(name, result)}\n`);
  return result;
}

/** The median of the runs' medians, in milliseconds. */
function medianOf(runs: readonly BurstRun[], what: "measured" | "waits"): number {
  const medians = runs.map((one) => at(one[what], 0.5)).toSorted((a, b) => a - b);
  return at(medians, 0.5);
}

/** The pace is kept, and everybody has a token. Requests that came while this process was busy look as if they came at once. */
function isInOrder({ measured, other, lag, failures }: BurstRun): boolean {
  const allowed = (BURST_SECONDS + lag / 1000) * given["per-second"] + processes;
  return failures === 0 && [measured, other].every((arrivals) => excess(arrivals, given["per-second"]) <= allowed);
}
