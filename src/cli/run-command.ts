import { createProgram } from "./program.ts";
import { reportFailure } from "./report-failure.ts";
import { createOutput, type Streams } from "./terminal/output.ts";

/** Runs a command line without the program's name, and returns what to exit with. `serve` goes on after that. */
export async function runCommand(args: readonly string[], streams: Streams): Promise<number> {
  // Read before the command line is parsed, because what is wrong with the command line is told as JSON too.
  const output = createOutput(streams, beforeDashes(args).includes("--json"));
  let code = 0;
  const exitWith = (wanted: number): void => void (code = wanted);
  try {
    const program = await createProgram({ output, input: streams.stdin, environment: streams.env, exitWith }, args);
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    return reportFailure(output, error);
  }
}

/** What follows `--` belongs to the command that `exec` runs. */
function beforeDashes(args: readonly string[]): readonly string[] {
  const dashes = args.indexOf("--");
  return dashes < 0 ? args : args.slice(0, dashes);
}
