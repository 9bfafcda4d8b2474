import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Life } from "./life.ts";

/** One `evergrant serve`, as it would run in production. */
export interface EvergrantProcess {
  life: Life;
  /** Resolves with its address when it serves; rejects with its last words when it ends before. */
  started: Promise<string>;
  ended: Promise<void>;
  /** Where it serves; null before it does, and from the moment at which the proof ends or pauses it. */
  url(): string | null;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** SIGSTOP. */
  pause(): void;
  /** SIGCONT. */
  resume(): void;
  /** SIGTERM: the orderly end. */
  stop(): Promise<void>;
}

const MAIN = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

const startLine = z.object({ url: z.string(), instanceId: z.string() });

/** `log` gets every line that it writes. */
export function spawnEvergrant(
  environment: Readonly<Record<string, string>>,
  log: (line: string) => void,
): EvergrantProcess {
  const env = { PATH: process.env["PATH"], ...environment };
  const child = spawn(process.execPath, [MAIN, "serve"], { env, stdio: ["ignore", "pipe", "pipe"] });
  const life: Life = { instanceId: null, killedAt: null, pauses: [] };
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  void ended.then(() => process.off("exit", kill));
  let address: string | null = null;
  let pausedAt: number | null = null;
  let lastWords = "";

  const started = new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      log(line);
      if (!line.includes('"event":"service.started"')) return;
      const { url, instanceId } = startLine.parse(JSON.parse(line));
      life.instanceId = instanceId;
      address = url;
      resolve(url);
    });
    createInterface({ input: child.stderr }).on("line", (line) => log((lastWords = line)));
    void ended.then(() => reject(new Error(`evergrant ended: ${lastWords}`)));
  });
  started.catch(() => undefined);

  function endPause(): void {
    if (pausedAt !== null) life.pauses.push({ from: pausedAt, to: Date.now() });
    pausedAt = null;
  }

  return {
    life,
    started,
    ended,
    url: () => (life.killedAt === null && pausedAt === null ? address : null),
    kill: async () => {
      endPause();
      life.killedAt ??= Date.now();
      kill();
      await ended;
      address = null;
    },
    pause: () => {
      pausedAt = Date.now();
      child.kill("SIGSTOP");
    },
    resume: () => {
      endPause();
      child.kill("SIGCONT");
    },
    stop: async () => {
      address = null;
      child.kill("SIGTERM");
      await ended;
    },
  };
}
