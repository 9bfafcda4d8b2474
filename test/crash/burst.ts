import { parseArgs } from "node:util";
import { z } from "zod";
import { runBurst, type BurstRun } from "./burst-run.ts";
import { createChance } from "./chance.ts";

const USAGE = `Usage: npm run prove:burst -- --database sqlite|postgres [options]

Lets connections of two providers expire in the same second, one of which says nothing, and proves that the other
is not delayed by that, and that neither gets more requests than its pace. Exits with 1 when it does.

  --connections <number>  of both providers together (default 10000)
  --processes <number>    processes over one database (default 4)
  --per-second <number>   pace of each provider (default 100)
  --rounds <number>       how often to run it with the other one, and without; medians count (default 3)
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

function describe(name: string, { answering, hanging, waits, failures, lag }: BurstRun): string {
  return `${name}
  requests to the provider that answers: ${answering.length}, after ${spread(answering)} ms (10th, 50th, 90th, 99th, 100th of 100); ahead of its rate by ${excess(answering, given["per-second"])} at most
  requests to the provider that hangs: ${hanging.length}; ahead of its rate by ${excess(hanging, given["per-second"])} at most
  callers of the provider that answers: ${waits.length}, waited ${spread(waits)} ms; without a token ${failures}
  this process, which is both the providers and the callers, stood still for ${Math.round(lag)} ms at most`;
}

const given = readOptions();
const { database, processes } = given;
const each = Math.ceil(given.connections / 2);
const burst = { database, processes, connections: each, perSecond: given["per-second"], chance: createChance(1) };
const alone: BurstRun[] = [];
const beside: BurstRun[] = [];
// By turns: what is due is looked for once a second, so each run begins at another moment of that second.
for (let round = 0; round < given.rounds; round++) {
  alone.push(await run("alone", false));
  beside.push(await run("beside a provider that hangs", true));
}
const delay = medianOf(beside, "answering") - medianOf(alone, "answering");
const callerDelay = medianOf(beside, "waits") - medianOf(alone, "waits");
const isProven = Math.max(delay, callerDelay) <= MOST_DELAY && [...alone, ...beside].every(isInOrder);
process.stdout
  .write(`${database}, ${processes} processes, ${each} connections of each provider, ${given["per-second"]} a second, ${given.rounds} rounds
delay of the median request ${delay} ms, of the median caller ${callerDelay} ms
${isProven ? "proven" : "NOT proven"}
`);
process.exit(isProven ? 0 : 1);

async function run(name: string, hasOther: boolean): Promise<BurstRun> {
  const result = await runBurst(burst, hasOther);
  process.stdout.write(`${describe(name, result)}\n`);
  return result;
}

/** The median of the runs' medians, in milliseconds. */
function medianOf(runs: readonly BurstRun[], what: "answering" | "waits"): number {
  const medians = runs.map((one) => at(one[what], 0.5)).toSorted((a, b) => a - b);
  return at(medians, 0.5);
}

/** The pace is kept, and everybody has a token. Requests that came while this process was busy look as if they came at once. */
function isInOrder({ answering, hanging, lag, failures }: BurstRun): boolean {
  const allowed = (BURST_SECONDS + lag / 1000) * given["per-second"] + processes;
  return failures === 0 && [answering, hanging].every((arrivals) => excess(arrivals, given["per-second"]) <= allowed);
}
