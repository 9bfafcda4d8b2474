import type { Output } from "./terminal/output.ts";

/** What every command gets from the process it runs in. */
export interface CommandDeps {
  output: Output;
  environment: NodeJS.ProcessEnv;
}
