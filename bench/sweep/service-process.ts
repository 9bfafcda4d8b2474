import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const EVERGRANT = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));

export interface ServiceProcess {
  pid: number;
  call(method: "POST" | "PUT", path: string, body: unknown): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

/** `evergrant serve` with these settings; resolves when it listens. */
export async function startServiceProcess(environment: Record<string, string>): Promise<ServiceProcess> {
  const child = spawn(process.execPath, [EVERGRANT, "serve"], {
    env: { PATH: process.env["PATH"], ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  await listening(child.stdout);
  return {
    pid: child.pid ?? 0,
    call: async (method, path, body) => {
      const url = `http://127.0.0.1:${environment["EVERGRANT_PORT"]}${path}`;
      const response = await fetch(url, {
        method: method === "PUT" ? "PUT" : "POST",
        headers: { authorization: `Bearer ${environment["EVERGRANT_ADMIN_KEY"]}`, "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      const answer = (await response.json()) as Record<string, unknown>;
      if (!response.ok) throw new Error(`${method} ${path}: ${String(answer["detail"])}`);
      return answer;
    },
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

function listening(output: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve, reject) => {
    const lines = createInterface({ input: output });
    lines.on("line", (line) => line.includes('"service.started"') && resolve());
    lines.on("close", () => reject(new Error("The service did not start.")));
  });
}

/** Resident memory of a process now, in bytes. */
export function residentMemory(pid: number): number {
  const [, kilobytes = "0"] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kilobytes) * 1024;
}

const TICKS_A_SECOND = 100;

/** CPU seconds that a process has used. */
export function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}
