import { isProven, type CrashOptions, type CrashReport } from "./prove-crashes.ts";
import { recoveryOf } from "./recovery.ts";

export function describe(options: CrashOptions, report: CrashReport): string {
  const { counts, reads, losses, lives } = report;
  const kills = lives.filter(({ killedAt }) => killedAt !== null);
  const inStart = kills.filter(({ instanceId }) => instanceId === null).length;
  const pauses = lives.flatMap((life) => life.pauses);
  const { killsInMidExchange, recoveredAfter } = recoveryOf(report.log, lives);
  return [
    `${kindOf(options)}, ${options.processes} processes, ${options.connections} connections at a time, seed ${options.seed}`,
    `${options.cycles} cycles in ${(report.durationMs / 60_000).toFixed(1)} minutes: ${kills.length} kill -9, of these ${killsInMidExchange} in mid-exchange and ${inStart} in mid-start; ${pauses.length} pauses`,
    `token requests ${counts.refreshRequests}, refreshed ${counts.refreshesSucceeded}, reuse detected by the server ${counts.reuseDetected}`,
    ...lossLines(report),
    `interrupted connections with their next token set after the kill: ${spread(recoveredAfter)}`,
    `reads: ${Object.entries(reads)
      .map(([what, count]) => `${what} ${count}`)
      .join(", ")}`,
    `journal entries that cannot be read: ${report.damages}`,
    ...losses.flatMap(({ connectionId, verdict }) =>
      verdict.kind === "ours" ? [`OURS ${connectionId}: ${verdict.why}`] : [],
    ),
    isProven(report) ? "proven" : `NOT proven; see ${report.folder}`,
  ].join("\n");
}

function kindOf({ database }: CrashOptions): string {
  return typeof database === "string" ? database : database.kind;
}

function lossLines({ losses, counts, connections }: CrashReport): string[] {
  const unavoidable = losses.map(({ verdict }) => verdict).filter((verdict) => verdict.kind === "unavoidable");
  const share = (100 * unavoidable.length) / Math.max(1, counts.refreshesSucceeded);
  const killed = (phase: string): number => unavoidable.filter((verdict) => verdict.killed === phase).length;
  const longest = Math.max(0, ...unavoidable.map(({ answeredForMs }) => answeredForMs));
  return [
    `losses among ${connections} connections: ours ${losses.length - unavoidable.length}, provably unavoidable ${unavoidable.length} (${share.toFixed(2)} % of all refreshes)`,
    `unavoidable: killed before the server's commit ${killed("before_commit")}, between that and its answer ${killed("before_answer")}, between the answer and our fdatasync ${killed("before_journal")} (${longest} ms at most)`,
  ];
}

function spread(sorted: readonly number[]): string {
  const at = (share: number): string =>
    `${sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0} ms`;
  return `${sorted.length}, median ${at(0.5)}, 99th of 100 ${at(0.99)}, last ${at(1)}`;
}
