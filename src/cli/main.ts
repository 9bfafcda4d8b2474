#!/usr/bin/env node
import { reportFailure } from "./report-failure.ts";
import { createProgram } from "./program.ts";
import { createOutput } from "./terminal/output.ts";

// Read before the command line is parsed, because what is wrong with the command line is told as JSON too.
const output = createOutput(process, process.argv.includes("--json"));

// Whoever reads only the first lines, as `head` does, has had enough.
process.stdout.on("error", (error: Error & { code?: string }) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

try {
  await createProgram({ output, environment: process.env }).parseAsync();
} catch (error) {
  process.exitCode = reportFailure(output, error);
}
