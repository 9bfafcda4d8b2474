import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const EVERGRANT = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

export interface ServiceUnderTest {
  url: string;
  adminKey: string;
  pid: number;
  /** Where its database is. */
  folder: string;
  call(method: "GET" | "POST" | "PUT", path: string, body?: unknown): Promise<Record<string, unknown>>;
  stop(): void;
}

/** The built service as a process of its own, on an empty folder that goes with it. */
export async function startServiceUnderTest(port: number, nodeFlags: readonly string[]): Promise<ServiceUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), "evergrant-bench-"));
  const child = spawn(process.execPath, [...nodeFlags, EVERGRANT, "serve"], {
    env: {
      PATH: process.env["PATH"],
      EVERGRANT_DATA_DIR: folder,
      EVERGRANT_PORT: String(port),
      // The load comes with one key, and is not to be refused.
      EVERGRANT_RATE_LIMIT: "1000000",
      // The API that is asked through the proxy is on this machine.
      EVERGRANT_ALLOWED_PRIVATE_HOSTS: "127.0.0.1",
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const adminKey = await adminKeyOf(child);
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    adminKey,
    pid: child.pid ?? 0,
    folder,
    call: async (method, path, body) => {
      const response = await fetch(url + path, {
        method,
        headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const answer = (await response.json()) as Record<string, unknown>;
      if (!response.ok) throw new Error(`${method} ${path}: ${String(answer["detail"])}`);
      return answer;
    },
    stop: () => {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Shown once, when everything else is ready. */
function adminKeyOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once("exit", () => reject(new Error("the service did not start")));
    if (!child.stdout) return reject(new Error("the service has no output"));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const key = /^Admin key, shown this once: (\S+)$/.exec(line)?.[1];
      if (key !== undefined) resolve(key);
    });
  });
}
