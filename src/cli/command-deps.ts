import type { Output } from "./terminal/output.ts";

/** What every command gets from the process it runs in. */
export interface CommandDeps {
  output: Output;
  input: NodeJS.ReadableStream;
  environment: NodeJS.ProcessEnv;
  /** For what was done and still did not turn out well; a failure throws. */
  exitWith(this: void, code: number): void;
}
