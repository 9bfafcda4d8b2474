import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The built command, running. */
export interface Evergrant {
  /** Resolves with the first match in stdout; rejects when the command ends without one. */
  printed(pattern: RegExp): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
  ended: Promise<Outcome>;
}

export type Environment = Record<string, string>;

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Runs the command to its end. */
export function evergrant(args: readonly string[], environment: Environment = {}, input = ""): Promise<Outcome> {
  return startEvergrant(args, environment, input).ended;
}

/** Starts the command with nothing but this environment, and with no terminal; ends it with the test at the latest. */
export function startEvergrant(args: readonly string[], environment: Environment = {}, input = ""): Evergrant {
  const child = spawn(process.execPath, [MAIN, ...args], { env: environment });
  const ended = outcomeOf(child);
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  child.stdin.end(input);
  return { printed: (pattern) => match(child, pattern), signal: (name) => void child.kill(name), ended };
}

function outcomeOf(child: ChildProcessWithoutNullStreams): Promise<Outcome> {
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

function match(child: ChildProcessWithoutNullStreams, pattern: RegExp): Promise<RegExpExecArray> {
  let seen = "";
  return new Promise((resolve, reject) => {
    child.stdout.on("data", (text: string) => {
      seen += text;
      const found = pattern.exec(seen);
      if (found) resolve(found);
    });
    child.on("close", () => reject(new Error(`ended without ${String(pattern)}: ${seen}`)));
  });
}
