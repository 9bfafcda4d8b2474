#!/usr/bin/env node
import { help, readCommandLine } from "./command-line.ts";
import { openSandbox, type SandboxOptions } from "./sandbox.ts";
import { describeEvent } from "./sandbox-event.ts";

const command = readCommandLine(process.argv.slice(2));
switch (command.kind) {
  case "help":
    process.stdout.write(help);
    break;
  case "wrong":
    fail(command.problem, 2);
    break;
  case "run":
    await run(command.options, command.verbose).catch((error: Error) => fail(error.message, 1));
}

async function run(options: SandboxOptions, verbose: boolean): Promise<void> {
  const sandbox = await openSandbox(options, (event) => {
    if (verbose || event.kind === "server_error") process.stdout.write(`${describeEvent(event)}\n`);
  });
  process.stdout.write(`sandbox at ${sandbox.url}, control API at ${sandbox.url}/control\n`);
  const stop = () => void sandbox.close();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
}

function fail(problem: string, exitCode: number): void {
  process.stderr.write(`evergrant-sandbox: ${problem}\n`);
  process.exitCode = exitCode;
}
