import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { runCommand } from "../../src/cli/run-command.ts";

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

/**
 * Runs the command to its end: what only asks a service, and the standard input for nothing secret, within this process, because
 * starting another takes as long as the rest of such a test.
 */
export function evergrant(args: readonly string[], environment: Environment = {}, input = ""): Promise<Outcome> {
  const onlyAsks = input === "" && ASKING.test(args.join(" "));
  const isHere = onlyAsks || args[0] === "git-credential";
  return isHere ? runHere(args, environment, input) : startEvergrant(args, environment, input).ended;
}

const ASKING =
  /^(agent-tokens|api-keys|campaigns|credentials|connections|import|incidents|tenants|token|virtual-refresh-tokens|webhooks|xoauth2|clients (list|show|edit|delete)|export|clients (secrets|security-events) list)\b/;

async function runHere(args: readonly string[], env: Environment, input: string): Promise<Outcome> {
  let [stdout, stderr] = ["", ""];
  // An option's variable is read from the process's own environment.
  const url = env["EVERGRANT_URL"];
  const named = url === undefined || args.includes("--url") || args.includes("--help") ? [] : ["--url", url];
  const code = await runCommand([...args, ...named], {
    stdin: Readable.from([input]),
    stdout: { isTTY: false, write: (text) => ((stdout += String(text)), true) },
    stderr: { isTTY: false, write: (text) => ((stderr += String(text)), true) },
    env,
  });
  return { code, stdout, stderr };
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
