import { fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { request as send } from "node:http";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { load } from "./load.ts";
import { startServiceUnderTest, type ServiceUnderTest } from "./service-under-test.ts";

/**
 * What the proxy costs beside the same calls without it, in the same run, and what memory it takes meanwhile: a large body each
 * way, and small answers one after the other. Rounds alternate, and medians are printed. Exits with 1 when memory has grown with
 * the bodies.
 *
 * `npm run bench:proxy -- [rounds] [megabytes]`
 */
const ROUNDS = Number(process.argv[2] ?? 3);
const BYTES = Number(process.argv[3] ?? 1024) * 1024 * 1024;
const PORT = 4184;
const CHUNK = Buffer.alloc(64 * 1024, "x");
/** Buffers of sockets, and garbage that nobody has collected yet. */
const MOST_GROWTH_MB = 128;

interface Target {
  url: string;
  headers: Record<string, string>;
}

interface Round {
  upload: number;
  download: number;
  p50: number;
  p99: number;
}

const api = fork(fileURLToPath(new URL("proxy-api.js", import.meta.url)));
const [apiPort] = (await once(api, "message")) as [number];
const service = await startServiceUnderTest(PORT, []);
try {
  await compare(service);
} finally {
  service.stop();
  api.disconnect();
}

async function compare(under: ServiceUnderTest): Promise<void> {
  const direct = { url: `http://127.0.0.1:${apiPort}`, headers: {} };
  const id = await importConnection(under);
  const headers = { authorization: `Bearer ${under.adminKey}` };
  const proxied = { url: `${under.url}/proxy/${id}/127.0.0.1:${apiPort}`, headers };
  for (const target of [direct, proxied]) await small(target, 1);
  const before = residentOf(under.pid, "VmRSS");
  const rounds: { direct: Round; proxied: Round }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push({ direct: await measure(direct), proxied: await measure(proxied) });
    process.stdout.write(".");
  }
  report(rounds, { before, most: residentOf(under.pid, "VmHWM") });
}

async function importConnection(under: ServiceUnderTest): Promise<string> {
  const endpoints = {
    authorization_url: "https://provider.invalid/authorize",
    token_url: "https://provider.invalid/token",
  };
  const api_hosts = [`http://127.0.0.1:${apiPort}`];
  await under.call("PUT", "/v1/providers/bench", { name: "Bench", ...endpoints, api_hosts });
  const client = await under.call("POST", "/v1/clients", { provider: "bench", client_id: "c", client_secret: "s" });
  const token_set = { access_token: "a".repeat(200), refresh_token: "r".repeat(100), expires_in: 36_000 };
  const connection = await under.call("POST", "/v1/connections/import", { client: client["id"], token_set });
  return String(connection["id"]);
}

async function measure(target: Target): Promise<Round> {
  const upload = await megabytesPerSecond(() => put(target));
  const download = await megabytesPerSecond(() => get(target));
  return { upload, download, ...(await small(target, 3)) };
}

async function megabytesPerSecond(move: () => Promise<void>): Promise<number> {
  const start = performance.now();
  await move();
  return BYTES / 1024 / 1024 / ((performance.now() - start) / 1000);
}

async function put({ url, headers }: Target): Promise<void> {
  const sent = send(`${url}/`, { method: "PUT", headers: { ...headers, "content-length": BYTES }, agent: false });
  const answered = once(sent, "response");
  await pipeline(chunks(), sent);
  const [answer] = await answered;
  requireOk(answer.statusCode);
  answer.resume();
}

function* chunks(): Generator<Buffer> {
  for (let left = BYTES; left > 0; left -= CHUNK.length) yield CHUNK.subarray(0, left);
}

async function get({ url, headers }: Target): Promise<void> {
  const sent = send(`${url}/bytes/${BYTES}`, { headers, agent: false });
  sent.end();
  const [answer] = (await once(sent, "response")) as [Readable & { statusCode: number }];
  requireOk(answer.statusCode);
  let received = 0;
  for await (const chunk of answer) received += (chunk as Buffer).length;
  if (received !== BYTES) throw new Error(`${received} bytes came of ${BYTES}`);
}

function requireOk(status: number): void {
  if (status !== 200) throw new Error(`HTTP ${status}`);
}

/** One request after the other, so that what is measured is how long one takes. */
function small({ url, headers }: Target, seconds: number): Promise<{ p50: number; p99: number }> {
  return load(`${url}/bytes/200`, headers, 1, seconds);
}

function residentOf(pid: number, field: "VmRSS" | "VmHWM"): number {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
}

function report(rounds: readonly { direct: Round; proxied: Round }[], memory: { before: number; most: number }): void {
  const of = (which: "direct" | "proxied", pick: (round: Round) => number) =>
    median(rounds.map((round) => pick(round[which]))).toFixed(0);
  const row = (which: "direct" | "proxied") =>
    `upload ${of(which, ({ upload }) => upload)} MB/s, download ${of(which, ({ download }) => download)} MB/s, small answer p50 ${of(which, ({ p50 }) => p50)} µs, p99 ${of(which, ({ p99 }) => p99)} µs`;
  const added = median(rounds.map(({ direct, proxied }) => proxied.p50 - direct.p50)).toFixed(0);
  const growth = memory.most - memory.before;
  process.stdout.write(`
direct   ${row("direct")}
proxied  ${row("proxied")}
added to a small answer ${added} µs at the median; bodies of ${BYTES / 1024 / 1024} MB, medians of ${ROUNDS} rounds
memory of the service ${memory.before.toFixed(0)} MB before, ${memory.most.toFixed(0)} MB at most: ${growth.toFixed(0)} MB more
`);
  if (growth > MOST_GROWTH_MB) process.exitCode = 1;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
