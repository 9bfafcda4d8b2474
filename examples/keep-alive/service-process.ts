import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** One line of the service's log. */
export type LogLine = { event: string } & Readonly<Record<string, unknown>>;

export interface ServiceProcess {
  /** Resolves when it listens; rejects with its last words when it cannot start. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** `kill -9`, and a new process in its place. */
  killAndStart(): Promise<void>;
}

export interface ServiceProcessOptions {
  environment: Readonly<Record<string, string>>;
  onLog: (line: LogLine) => void;
}

/** The `evergrant` command. */
export const EVERGRANT = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));

/** The service as a process of its own, as it would run in production. */
export function createServiceProcess(options: ServiceProcessOptions): ServiceProcess {
  let child: ChildProcess | null = null;

  async function start(): Promise<void> {
    const started = spawn(process.execPath, [EVERGRANT, "serve"], {
      env: { PATH: process.env["PATH"], ...options.environment },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own: Ctrl-C is for the terminal's process, which stops the service in order.
      detached: true,
    });
    child = started;
    let lastWords = "";
    createInterface({ input: started.stderr }).on("line", (line) => (lastWords = line));
    const listening = new Promise<void>((resolve) => {
      createInterface({ input: started.stdout }).on("line", (line) => {
        if (!line.startsWith("{")) return;
        const log = JSON.parse(line) as LogLine;
        options.onLog(log);
        if (log.event === "service.started") resolve();
      });
    });
    const ended = once(started, "exit").then(() => {
      throw new Error(lastWords === "" ? "the service stopped" : lastWords);
    });
    await Promise.race([listening, ended]);
    ended.catch(() => undefined);
  }

  async function end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const running = child;
    child = null;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, "exit");
    running.kill(signal);
    await gone;
  }

  return {
    start,
    stop: () => end("SIGTERM"),
    killAndStart: async () => {
      await end("SIGKILL");
      await start();
    },
  };
}
