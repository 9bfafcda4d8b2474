#!/usr/bin/env node
import { runCommand } from "./run-command.ts";

// Whoever reads only the first lines, as `head` does, has had enough.
process.stdout.on("error", (error: Error & { code?: string }) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

process.exitCode = await runCommand(process.argv.slice(2), process);
