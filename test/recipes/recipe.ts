import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { accessSync, chmodSync, constants, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import type { Stage } from "../stage/stage.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const PAGE = readFileSync(new URL("../../docs/drop-in.md", import.meta.url), "utf8");

/** The blocks below a heading of docs/drop-in.md, with what a reader would put in. Throws where one is not there any more. */
export function recipe(heading: string, changes: Readonly<Record<string, string>>): string {
  const section = PAGE.split(`\n### ${heading}\n`)[1]?.split(/\n##/)[0] ?? "";
  const blocks = [...section.matchAll(/^```\w*\n(.*?)^```$/gms)].map(([, block = ""]) => block);
  if (blocks.length === 0) throw new Error(`docs/drop-in.md has no recipe for ${heading}.`);
  return Object.entries(changes).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`The recipe for ${heading} has no ${from}.`);
    return text.replaceAll(from, to);
  }, blocks.join(""));
}

/** Milliseconds for a test that starts a dozen programs beside others that do. */
export const PATIENCE = 120_000;

export interface Ran {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Somebody's account on a machine where `evergrant` is installed, and an API key that may read tokens only is in a file. */
export interface Home {
  folder: string;
  /** Runs a program to its end. Throws where it is not installed. */
  run(program: string, args: readonly string[], input?: string): Promise<Ran>;
  /** Starts one that goes on until the test is over; resolves with the first match in what it writes to stderr. */
  start(program: string, args: readonly string[], ready: RegExp): Promise<RegExpExecArray>;
}

export async function openHome(stage: Stage): Promise<Home> {
  const folder = temporaryFolder();
  const made = await stage.api("POST", "/v1/api-keys", { name: "tools", scopes: ["token:read"] });
  mkdirSync(join(folder, ".config", "evergrant"), { recursive: true });
  const keyFile = join(folder, ".config", "evergrant", "key");
  writeFileSync(keyFile, made.at("key"), { mode: 0o600 });
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin", "evergrant"), `#!/bin/sh\nexec '${process.execPath}' '${MAIN}' "$@"\n`);
  chmodSync(join(folder, "bin", "evergrant"), 0o700);
  const env = {
    HOME: folder,
    PATH: [join(folder, "bin"), process.env["PATH"]].join(delimiter),
    EVERGRANT_URL: stage.settings.publicUrl,
    EVERGRANT_API_KEY_FILE: keyFile,
  };
  const begin = (program: string, args: readonly string[]) =>
    spawn(installed(program), args, { cwd: folder, env, stdio: "pipe" });
  return {
    folder,
    run: (program, args, input = "") => outcomeOf(begin(program, args), input),
    start: (program, args, ready) => started(begin(program, args), ready),
  };
}

/** A recipe that was not tried is no recipe. */
function installed(program: string): string {
  const paths = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, program));
  const found = paths.find(isExecutable);
  if (found === undefined) throw new Error(`There is no ${program} in PATH; README.md says what the tests need.`);
  return found;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function outcomeOf(child: ChildProcessWithoutNullStreams, input: string): Promise<Ran> {
  let [stdout, stderr] = ["", ""];
  // Not every program reads what it is given.
  child.stdin.on("error", () => undefined).end(input);
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

async function started(child: ChildProcessWithoutNullStreams, ready: RegExp): Promise<RegExpExecArray> {
  const ended = new Promise((resolve) => child.on("close", resolve));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  let said = "";
  return new Promise((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const match = ready.exec(said);
      if (match) resolve(match);
    });
    void ended.then(() => reject(new Error(`It ended without ${String(ready)}: ${said}`)));
  });
}
