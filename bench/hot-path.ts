import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { load, type Load } from "./load.ts";
import { startServiceUnderTest, type ServiceUnderTest } from "./service-under-test.ts";

/**
 * What a read of an access token costs beside an empty-handed server that answers the same bytes, in the same run: one process
 * each, 32 connections, valid token. Rounds alternate, and medians are printed, because machines are shared and noisy.
 *
 * `npm run bench:hot-path -- [rounds] [seconds a round] [flags of Node for the service]`
 */
const ROUNDS = Number(process.argv[2] ?? 7);
const SECONDS = Number(process.argv[3] ?? 5);
const CONNECTIONS = 32;
const PORT = 4180;

interface Target {
  url: string;
  pid: number;
}

interface Round extends Load {
  /** CPU time of the server, in microseconds a request: not blurred by a load generator that is at its limit. */
  cpu: number;
}

const service = await startServiceUnderTest(PORT, process.argv.slice(4));
try {
  await compare(service);
} finally {
  service.stop();
}

async function compare(under: ServiceUnderTest): Promise<void> {
  const path = `/v1/connections/${await importConnection(under)}/access-token`;
  const headers = { authorization: `Bearer ${under.adminKey}` };
  const answer = await (await fetch(under.url + path, { headers })).text();
  const bareServer = fork(fileURLToPath(new URL("bare-server.js", import.meta.url)), [answer]);
  const [port] = (await once(bareServer, "message")) as [number];
  const bare = { url: `http://127.0.0.1:${port}${path}`, pid: bareServer.pid ?? 0 };
  const evergrant = { url: under.url + path, pid: under.pid };
  await measure(bare, headers, 2);
  await measure(evergrant, headers, 2);
  const rounds: { bare: Round; evergrant: Round }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({ bare: await measure(bare, headers, SECONDS), evergrant: await measure(evergrant, headers, SECONDS) });
    process.stdout.write(".");
  }
  bareServer.disconnect();
  report(rounds, memoryOf(under.pid));
}

/** A connection with a token that outlives the run; its provider is never asked. */
async function importConnection(under: ServiceUnderTest): Promise<string> {
  const endpoints = {
    authorization_url: "https://provider.invalid/authorize",
    token_url: "https://provider.invalid/token",
  };
  await under.call("PUT", "/v1/providers/bench", { name: "Bench", ...endpoints });
  const client = await under.call("POST", "/v1/clients", { provider: "bench", client_id: "c", client_secret: "s" });
  const connection = await under.call("POST", "/v1/connections/import", {
    client: client["id"],
    token_set: {
      access_token: "a".repeat(200),
      refresh_token: "r".repeat(100),
      expires_in: 36_000,
      scope: "files.read",
    },
  });
  return String(connection["id"]);
}

async function measure(target: Target, headers: Record<string, string>, seconds: number): Promise<Round> {
  const before = cpuOf(target.pid);
  const measured = await load(target.url, headers, CONNECTIONS, seconds);
  return { ...measured, cpu: (cpuOf(target.pid) - before) / measured.requests };
}

/** User and system time of a process in microseconds; Linux counts in hundredths of a second. */
function cpuOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
}

function memoryOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
}

function report(rounds: readonly { bare: Round; evergrant: Round }[], memory: number): void {
  const row = (name: string, of: (round: (typeof rounds)[number]) => Round): string => {
    const value = (pick: (round: Round) => number): number => median(rounds.map((round) => pick(of(round))));
    const latency = `p50 ${value(({ p50 }) => p50)} µs, p99 ${value(({ p99 }) => p99)} µs`;
    return `${name}  ${value(({ perSecond }) => perSecond).toFixed(0)} requests/s, ${latency}, ${value(({ cpu }) => cpu).toFixed(1)} µs CPU a request`;
  };
  const ratio = (pick: (round: Round) => number): string =>
    median(rounds.map(({ bare, evergrant }) => pick(evergrant) / pick(bare))).toFixed(2);
  process.stdout.write(`
${row("bare node:http", ({ bare }) => bare)}
${row("access token  ", ({ evergrant }) => evergrant)}
ratio of requests/s ${ratio(({ perSecond }) => perSecond)}, of CPU a request ${ratio(({ cpu }) => cpu)}; medians of ${rounds.length} rounds
memory of the service ${memory.toFixed(0)} MB
`);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
