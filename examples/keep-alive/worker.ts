import { setTimeout as sleep } from "node:timers/promises";
import {
  createEvergrant,
  ReauthorizationRequiredError,
  TemporarilyUnavailableError,
  type Connection,
} from "@evergrant/sdk";
import type { WorkerMessage } from "./messages.ts";

/**
 * A sync worker as an application would write it: for each connection it lists all files, page by page, again and again. It
 * knows nothing of tokens, expiry or refreshing.
 */
const serviceUrl = required("EVERGRANT_URL");
const apiKey = required("EVERGRANT_API_KEY");
const apiUrl = required("FILES_API_URL");
const PAUSE = 1000;

const evergrant = createEvergrant({ url: serviceUrl, apiKey });
process.on("disconnect", () => process.exit(0));
process.on("SIGINT", () => undefined);

for (;;) {
  for (const id of await connectionIds()) await syncOnce(id);
  await sleep(PAUSE);
}

async function syncOnce(connectionId: string): Promise<void> {
  try {
    const files = await countFiles(evergrant.connection(connectionId));
    report({ kind: "synced", connectionId, files });
  } catch (error) {
    report(explain(connectionId, error));
  }
}

async function countFiles(connection: Connection): Promise<number> {
  let count = 0;
  let pageToken: string | undefined;
  do {
    const url = new URL(`${apiUrl}/files?page_size=25`);
    if (pageToken !== undefined) url.searchParams.set("page_token", pageToken);
    const response = await connection.fetch(url);
    if (!response.ok) throw new Error(`the files API answered HTTP ${response.status}`);
    const page = (await response.json()) as { files: unknown[]; next_page_token?: string };
    count += page.files.length;
    pageToken = page.next_page_token;
  } while (pageToken !== undefined);
  return count;
}

function explain(connectionId: string, error: unknown): WorkerMessage {
  if (error instanceof ReauthorizationRequiredError) {
    return { kind: "waiting", connectionId, reason: error.message, link: error.reauthorizationUrl ?? "" };
  }
  if (error instanceof TemporarilyUnavailableError) return { kind: "delayed", connectionId, code: error.code };
  return { kind: "failed", connectionId, message: error instanceof Error ? error.message : "unknown" };
}

/** Every connection that is not over. While the service restarts there is nothing to list, and nothing is lost. */
async function connectionIds(): Promise<string[]> {
  try {
    const response = await fetch(`${serviceUrl}/v1/connections?limit=200`, {
      headers: { authorization: `Bearer ${apiKey}` },
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const { connections } = (await response.json()) as { connections: { id: string; status: string }[] };
    return connections.filter(({ status }) => status !== "disconnected").map(({ id }) => id);
  } catch (error) {
    report({ kind: "delayed", connectionId: null, code: error instanceof Error ? error.name : "unknown" });
    return [];
  }
}

function report(message: WorkerMessage): void {
  process.send?.(message);
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set`);
  return value;
}
