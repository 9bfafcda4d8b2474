import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createEvergrant } from "@evergrant/sdk";
import { createManagement } from "./management.ts";
import type { DemoState } from "./state.ts";

/**
 * Runs the demonstration for a while, with 50 readers beside its workers, restarts the service after a third of the time, kills
 * it after two thirds, and counts: no sync may have failed, and the sandbox may have seen one token request per expiry.
 *
 * `npm run prove:keep-alive -- [minutes]`
 */
const MINUTES = Number(process.argv[2] ?? 10);
const READERS = 50;
const PORT = "4120";
const SANDBOX_PORT = "4121";
const serviceUrl = `http://127.0.0.1:${PORT}`;
const sandboxUrl = `http://127.0.0.1:${SANDBOX_PORT}`;

const folder = mkdtempSync(join(tmpdir(), "evergrant-proof-"));
const demo = spawn(process.execPath, [fileURLToPath(new URL("start.js", import.meta.url))], {
  env: { ...process.env, EVERGRANT_DATA_DIR: folder, EVERGRANT_PORT: PORT, SANDBOX_PORT },
  stdio: ["pipe", "pipe", "inherit"],
});
const readers = { reads: 0, failures: new Map<string, number>() };
let workersFailed = 0;
const stopping = new AbortController();

await new Promise<void>((resolve, reject) => {
  demo.once("exit", () => reject(new Error("the demonstration ended")));
  createInterface({ input: demo.stdout }).on("line", (line) => {
    process.stdout.write(`${line}\n`);
    if (line.includes("  ready ")) resolve();
    workersFailed = Number(/(\d+) failed, \d+ delayed/.exec(line)?.[1] ?? workersFailed);
  });
});
const { adminKey, workerKey = "" } = JSON.parse(readFileSync(join(folder, "demo.json"), "utf8")) as DemoState;
const management = createManagement(serviceUrl, adminKey);
const { connections } = (await management.call("GET", "/v1/connections")) as { connections: { id: string }[] };
const connectionId = connections[0]?.id ?? "";
const reading = Array.from({ length: READERS }, () => read());
const third = (MINUTES * 60_000) / 3;
await sleep(third);
demo.stdin.write("s\n");
await sleep(third);
demo.stdin.write("k\n");
await sleep(third);
stopping.abort();
await Promise.all(reading);
await report();

/** One reader: gets a token and uses it, about four times a second. */
async function read(): Promise<void> {
  const connection = createEvergrant({ url: serviceUrl, apiKey: workerKey }).connection(connectionId);
  while (!stopping.signal.aborted) {
    try {
      const response = await connection.fetch(`${sandboxUrl}/api/files?page_size=1`);
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`HTTP ${response.status}`);
      readers.reads++;
    } catch (error) {
      const what = error instanceof Error ? error.message : "unknown";
      readers.failures.set(what, (readers.failures.get(what) ?? 0) + 1);
    }
    await sleep(200 + Math.random() * 100);
  }
}

async function report(): Promise<void> {
  const counts = (await (await fetch(`${sandboxUrl}/control/counts`)).json()) as Record<string, number>;
  const { generation } = await management.call("GET", `/v1/connections/${connectionId}`);
  const expiries = Number(generation) - 1;
  demo.stdin.write("q\n");
  await new Promise((resolve) => demo.once("exit", resolve));
  rmSync(folder, { recursive: true, force: true });
  const failed = [...readers.failures].map(([what, count]) => `${count} × ${what}`).join("; ");
  const requests = counts["refresh_requests"];
  process.stdout.write(`
${MINUTES} minutes, ${READERS} readers: ${readers.reads} reads, failed: ${failed === "" ? "none" : failed}
syncs of the workers that failed: ${workersFailed}
token sets that were replaced: ${expiries}; token requests that the sandbox counted: ${requests}; reused refresh tokens: ${counts["reuse_detected"]}
`);
  const proven = failed === "" && workersFailed === 0 && requests === expiries && counts["reuse_detected"] === 0;
  process.stdout.write(proven ? "proven\n" : "NOT proven\n");
  process.exit(proven ? 0 : 1);
}
