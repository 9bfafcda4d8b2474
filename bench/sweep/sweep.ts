import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { sql } from "kysely";
import { built } from "./built.ts";
import { populate } from "./population.ts";
import { startPostgres } from "./postgres.ts";
import { cpuSeconds, residentMemory, startServiceProcess } from "./service-process.ts";

/**
 * What the sweep costs: claims of 100 due connections, refreshes a second with everything stored, beside the rate of the bare
 * HTTP exchanges in the same run, and the memory of the process; with few connections in the database and with many.
 *
 * `npm run bench:sweep -- [connections, several] [--due n] [--only sqlite|postgres] [--plain]`
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { due: { type: "string" }, only: { type: "string" }, plain: { type: "boolean", default: false } },
});
const SIZES = positionals.length > 0 ? positionals.map(Number) : [10_000, 1_000_000];
const DUE = Number(values.due ?? 10_000);
const ONLY = values.only;
/** Token endpoints speak TLS (RFC 6749 §3.2), and each exchange is a connection of its own; `--plain` leaves that out. */
const PLAIN = values.plain;
const ADMIN_KEY_ENV = "EVERGRANT_ADMIN_KEY";
const PORT = 4250;
const CLAIMS = 50;

interface Measured {
  database: string;
  connections: number;
  claimP50: number;
  claimP99: number;
  refreshesPerSecond: number;
  exchangesPerSecond: number;
  cpuMicroseconds: number;
  memory: number;
}

const endpoint = fork(fileURLToPath(new URL("token-endpoint.js", import.meta.url)), [PLAIN ? "plain" : "tls"]);
const [{ port, certificate }] = (await once(endpoint, "message")) as [{ port: number; certificate: string }];
const tokenUrl = `${PLAIN ? "http" : "https"}://localhost:${port}/token`;
const certificateFolder = mkdtempSync(join(tmpdir(), "evergrant-sweep-"));
const trust = { NODE_EXTRA_CA_CERTS: join(certificateFolder, "certificate.pem") };
writeFileSync(trust.NODE_EXTRA_CA_CERTS, certificate);
try {
  print(
    "database  connections  claim of 100: p50    p99 ms  refreshes/s  exchanges/s  ratio  CPU µs/refresh  memory MB",
  );
  for (const database of ["sqlite", "postgres"] as const) {
    if (ONLY !== undefined && ONLY !== database) continue;
    for (const size of SIZES) report(await measure(database, size));
  }
} finally {
  endpoint.disconnect();
  rmSync(certificateFolder, { recursive: true });
}

async function measure(kind: "sqlite" | "postgres", connections: number): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), "evergrant-sweep-"));
  // The server runs as a user of its own when this does as root.
  chmodSync(folder, 0o755);
  const server = kind === "postgres" ? await startPostgres(join(folder, "postgres")) : null;
  try {
    const environment = await environmentOf(folder, server?.url ?? `sqlite:${join(folder, "evergrant.db")}`);
    const clientId = await prepare(environment);
    const { openDatabase } = await built.openDatabase();
    const { readSettings } = await built.settings();
    const { systemClock } = await built.system();
    const database = await openDatabase(readSettings(environment).database, systemClock);
    await populate(database, environment.EVERGRANT_ROOT_KEY, clientId, { resting: connections - DUE, due: DUE });
    const claims = await measureClaims(database);
    await database.close();
    const before = await exchangeRate();
    const refreshed = await measureRefreshes(environment);
    const after = await exchangeRate();
    return { database: kind, connections, ...claims, ...refreshed, exchangesPerSecond: (before + after) / 2 };
  } finally {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function environmentOf(folder: string, databaseUrl: string) {
  const { generateRootKey } = await built.rootKey();
  const { systemRandom, systemClock } = await built.system();
  const { mintKey } = await built.apiKey();
  return {
    EVERGRANT_DATABASE_URL: databaseUrl,
    EVERGRANT_DATA_DIR: folder,
    EVERGRANT_ROOT_KEY: generateRootKey(systemRandom).reveal(),
    [ADMIN_KEY_ENV]: mintKey("admin", systemClock, systemRandom).text.reveal(),
    EVERGRANT_PORT: String(PORT),
    EVERGRANT_ALLOWED_PRIVATE_HOSTS: "localhost",
    EVERGRANT_RATE_LIMIT: "1000000",
    ...trust,
    EVERGRANT_LOG_LEVEL: "info",
  };
}

/** The service makes its tables, its keys and the client; the rest is filled in while it does not run. */
async function prepare(environment: Record<string, string>): Promise<string> {
  const service = await startServiceProcess(environment);
  const unlimited = { per_second: 100_000, concurrent: 64 };
  const endpoints = { authorization_url: "http://127.0.0.1:1/authorize", token_url: tokenUrl };
  await service.call("PUT", "/v1/providers/bench", { name: "Bench", ...endpoints, pace: unlimited });
  const client = { provider: "bench", client_id: "bench", authentication: "none" };
  const made = await service.call("POST", "/v1/clients", client);
  await service.stop();
  return String(made["id"]);
}

async function measureClaims(database: Parameters<typeof populate>[0]) {
  const { createConnectionStore } = await built.connectionStore();
  const store = createConnectionStore(database);
  const durations: number[] = [];
  for (let round = 0; round < CLAIMS; round++) {
    const start = performance.now();
    const claimed = await store.claimDue({ owner: "bench", leaseMs: 60_000, limit: 100, exceptClients: [] });
    durations.push(performance.now() - start);
    if (claimed.length < 100) throw new Error("Too few connections are due for this many claims.");
  }
  await database.write((queries) =>
    sql`update refresh_leases set owner = null, lease_until = 0, unanswered = 0, attempt_generation = null,
      attempt_at = null where owner is not null`.execute(queries),
  );
  const sorted = durations.toSorted((a, b) => a - b);
  return { claimP50: percentile(sorted, 0.5), claimP99: percentile(sorted, 0.99) };
}

function percentile(sorted: number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

async function exchangeRate(): Promise<number> {
  const child = fork(fileURLToPath(new URL("exchange-rate.js", import.meta.url)), [tokenUrl, "4", "64"], {
    env: { ...process.env, ...trust },
  });
  const [rate] = (await once(child, "message")) as [number];
  return rate;
}

/** From a tenth of the work to nine tenths of it: neither the start nor the last stragglers. */
async function measureRefreshes(environment: Record<string, string>) {
  const first = await countOf(endpoint);
  const service = await startServiceProcess(environment);
  const low = await reached(first + DUE * 0.1);
  const [lowCpu, lowCount] = [cpuSeconds(service.pid), await countOf(endpoint)];
  const high = await reached(first + DUE * 0.9);
  const [highCpu, highCount] = [cpuSeconds(service.pid), await countOf(endpoint)];
  const memory = residentMemory(service.pid);
  await service.stop();
  const count = highCount - lowCount;
  return {
    refreshesPerSecond: (count / (high - low)) * 1000,
    cpuMicroseconds: ((highCpu - lowCpu) / count) * 1e6,
    memory,
  };
}

async function reached(count: number): Promise<number> {
  const patience = performance.now() + 300_000;
  while ((await countOf(endpoint)) < count) {
    if (performance.now() > patience) throw new Error("The service does not get on with what is due.");
    await sleep(20);
  }
  return performance.now();
}

async function countOf(child: ChildProcess): Promise<number> {
  const answer = once(child, "message");
  child.send("count");
  const [count] = (await answer) as [number];
  return count;
}

function report(row: Measured): void {
  const ratio = row.refreshesPerSecond / row.exchangesPerSecond;
  const columns = [
    row.database.padEnd(8),
    String(row.connections).padStart(12),
    row.claimP50.toFixed(1).padStart(18),
    row.claimP99.toFixed(1).padStart(9),
    row.refreshesPerSecond.toFixed(0).padStart(12),
    row.exchangesPerSecond.toFixed(0).padStart(12),
    ratio.toFixed(2).padStart(6),
    row.cpuMicroseconds.toFixed(0).padStart(15),
    (row.memory / 1e6).toFixed(0).padStart(10),
  ];
  print(columns.join(" "));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
