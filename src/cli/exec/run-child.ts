import { spawn, type ChildProcess } from "node:child_process";
import { constants } from "node:os";
import type { Output } from "../terminal/output.ts";

interface ChildCommand {
  file: string;
  args: readonly string[];
  environment: NodeJS.ProcessEnv;
}

/** As shells say it (POSIX XCU §2.8.2). */
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;
const SIGNALLED = 128;

/** Runs a command on our own standard streams, and returns what to exit with. */
export async function runChild(output: Output, { file, args, environment }: ChildCommand): Promise<number> {
  const child = spawn(file, args, { env: environment, stdio: "inherit" });
  const stopPassing = passSignals(child);
  try {
    return await ended(child);
  } catch (error) {
    return reportNotRun(output, file, error);
  } finally {
    stopPassing();
  }
}

function ended(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      resolve(code ?? SIGNALLED + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

const PASSED = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2"] as const;

/** What a terminal sends to everybody in its foreground, so that the command has it already. */
const FROM_KEYS: ReadonlySet<NodeJS.Signals> = new Set(["SIGINT", "SIGQUIT"]);

/** Passes signals on and survives them, until what it returns is called. */
function passSignals(child: ChildProcess): () => void {
  const pass = (signal: NodeJS.Signals): void => {
    if (!(FROM_KEYS.has(signal) && process.stdin.isTTY)) child.kill(signal);
  };
  for (const signal of PASSED) process.on(signal, pass);
  return () => {
    for (const signal of PASSED) process.off(signal, pass);
  };
}

/** A failure with an exit code of its own, which is the one that whoever runs commands for others expects. */
function reportNotRun(output: Output, file: string, error: unknown): number {
  const reason = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  const isThere = reason !== "ENOENT";
  const code = isThere ? "not_executable" : "command_not_found";
  const detail = isThere ? `${file} cannot be run (${reason}).` : `There is no command ${file}.`;
  output.failure({ error: { code, detail } }, [detail]);
  return isThere ? NOT_EXECUTABLE : NOT_FOUND;
}
