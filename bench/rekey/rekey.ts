import { fork } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { built, type Keyring, type Database } from "../sweep/built.ts";
import { startPostgres } from "../sweep/postgres.ts";
import { startServiceProcess } from "../sweep/service-process.ts";
import { lossesOf } from "./losses.ts";
import { startInstance, type Instance } from "./instance.ts";
import { DUE_WITHIN, populate, TENANT } from "./population.ts";
import { rewriting } from "./rewriting.ts";

/**
 * What a change of keys costs while tokens are refreshed: the rotation of the root key in a small and a large database, and the
 * rekey of a tenant in rows a second, beside the same rows rewritten without cryptography in the same run.
 *
 * `npm run bench:rekey -- [--database sqlite|postgres] [--rows n] [--refreshes a second] [--rounds n]`
 */
const { values } = parseArgs({
  options: {
    database: { type: "string" },
    rows: { type: "string", default: "20000" },
    refreshes: { type: "string", default: "200" },
    rounds: { type: "string", default: "3" },
  },
});
const ROWS = Number(values.rows);
const FEW_ROWS = Math.min(ROWS, 10_000);
const REFRESHES = Number(values.refreshes);
const ROUNDS = Number(values.rounds);
/** So many refresh again and again, each after `DUE_WITHIN`. */
const BUSY = Math.min(ROWS, Math.round((REFRESHES * DUE_WITHIN) / 1000));
const TENANTS = 100;
const PORT = 4252;

const endpoint = fork(fileURLToPath(new URL("token-endpoint.js", import.meta.url)));
const [{ port }] = (await once(endpoint, "message")) as [{ port: number }];
try {
  for (const kind of ["sqlite", "postgres"] as const) {
    if (values.database === undefined || values.database === kind) await measure(kind);
  }
} finally {
  endpoint.disconnect();
}

async function measure(kind: "sqlite" | "postgres"): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "evergrant-rekey-"));
  // The server runs as a user of its own when this does as root.
  chmodSync(folder, 0o755);
  const server = kind === "postgres" ? await startPostgres(join(folder, "postgres")) : null;
  try {
    await measureIn(folder, server?.url ?? `sqlite:${join(folder, "evergrant.db")}`);
  } finally {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureIn(folder: string, databaseUrl: string): Promise<void> {
  const { generateRootKey, parseRootKey } = await built.rootKey();
  const { systemRandom, systemClock } = await built.system();
  const { readSettings } = await built.settings();
  const rootKeys = Array.from({ length: 3 }, () => generateRootKey(systemRandom).reveal());
  const environment = await environmentOf(folder, databaseUrl, rootKeys[0] ?? "");
  const clientId = await prepare(environment);
  const database = await (await built.openDatabase()).openDatabase(readSettings(environment).database, systemClock);
  try {
    const roots = rootKeys.map((text) => parseRootKey(text)).filter((root) => root !== null);
    const open = (place: number) => openKeyring(database, roots.slice(place, place + 1), roots.slice(0, place));
    let keyring = await open(0);
    await addTenants(database, keyring);
    await populate(database, keyring, { clientId, first: 1, last: FEW_ROWS, busy: BUSY });
    keyring = await open(1);
    await measureRoot(keyring, FEW_ROWS);
    await populate(database, keyring, { clientId, first: FEW_ROWS + 1, last: ROWS, busy: BUSY });
    keyring = await open(2);
    await measureRoot(keyring, ROWS);
    await measureTenant({ database, keyring, folder });
  } finally {
    await database.close();
  }
}

async function environmentOf(folder: string, databaseUrl: string, rootKey: string) {
  const { systemRandom, systemClock } = await built.system();
  return {
    EVERGRANT_DATABASE_URL: databaseUrl,
    EVERGRANT_DATA_DIR: folder,
    EVERGRANT_ROOT_KEY: rootKey,
    EVERGRANT_ADMIN_KEY: (await built.apiKey()).mintKey("admin", systemClock, systemRandom).text.reveal(),
    EVERGRANT_PORT: String(PORT),
  };
}

/** The service makes its tables, its keys and the client; the rest is filled in while it does not run. */
async function prepare(environment: Record<string, string>): Promise<string> {
  const service = await startServiceProcess(environment);
  const endpoints = { authorization_url: "http://127.0.0.1:1/authorize", token_url: `http://localhost:${port}/token` };
  const pace = { per_second: 100_000, concurrent: 64 };
  await service.call("PUT", "/v1/providers/bench", { name: "Bench", ...endpoints, pace });
  const client = { provider: "bench", client_id: "bench", authentication: "none" };
  const made = await service.call("POST", "/v1/clients", client);
  await service.stop();
  return String(made["id"]);
}

type Roots = Parameters<Awaited<ReturnType<typeof built.keyring>>["openKeyring"]>[0]["roots"];

async function openKeyring(database: Database, [primary]: Roots["others"], others: Roots["others"]): Promise<Keyring> {
  if (!primary) throw new Error("The root key is not one.");
  const { systemRandom: random, systemClock: clock } = await built.system();
  const keys = (await built.keyStore()).createKeyStore(database, () => "made by the service before");
  return (await built.keyring()).openKeyring({ keys, roots: { primary, others: [...others] }, random, clock });
}

/** Tenants that have keys, as an installation for many customers has. */
async function addTenants(database: Database, keyring: Keyring): Promise<void> {
  for (let number = 1; number < TENANTS; number++) {
    const id = `ten_${number}`;
    await database.write((queries) =>
      queries.insertInto("tenants").values({ id, name: id, created_at: Date.now() }).execute(),
    );
    await keyring.name(id, (await built.secret()).secret("anything"));
  }
}

async function measureRoot(keyring: Keyring, rows: number): Promise<void> {
  const start = performance.now();
  const count = await keyring.rewrapAll();
  const seconds = ((performance.now() - start) / 1000).toFixed(2);
  print(`root key rotated with ${rows} rows: ${count} keys of ${TENANTS} tenants in ${seconds} s`);
}

interface Measured {
  rowsPerSecond: number;
  refreshesPerSecond: number;
}

async function measureTenant(on: { database: Database; keyring: Keyring; folder: string }): Promise<void> {
  const instance = await startInstance(on.database, on.keyring, on.folder);
  const rounds: { plain: Measured; sealed: Measured }[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    const version = await on.keyring.rotate(TENANT);
    const plain = await rekey(on, instance, { version, keyring: rewriting });
    const sealed = await rekey(on, instance, { version, keyring: on.keyring });
    rounds.push({ plain, sealed });
    print(`round ${round}: without cryptography ${describe(plain)}; with it ${describe(sealed)}`);
  }
  await instance.stop();
  const plain = median(rounds.map((round) => round.plain.rowsPerSecond));
  const sealed = median(rounds.map((round) => round.sealed.rowsPerSecond));
  const ratio = median(rounds.map((round) => round.sealed.rowsPerSecond / round.plain.rowsPerSecond));
  print(`median: ${sealed.toFixed(0)} of ${plain.toFixed(0)} rows/s, ratio ${ratio.toFixed(2)}`);
  const { lost, refused, refreshes, unopened } = await lossesOf(endpoint, on);
  const failed = instance.count("refresh.failed");
  print(`${refreshes} refreshes, ${failed} failed, ${refused} refused, ${lost} lost; ${unopened} tokens do not open`);
}

async function rekey(
  { database }: { database: Database },
  instance: Instance,
  { version, keyring }: { version: number; keyring: Pick<Keyring, "reseal" | "rest"> },
): Promise<Measured> {
  const rekeys = (await built.rekeyStore()).createRekeyStore(database);
  await database.write((queries) => queries.deleteFrom("rekeys").execute());
  await rekeys.begin(TENANT, version, 2 * ROWS);
  const [start, refreshed] = [performance.now(), instance.count("refresh.succeeded")];
  const rekeyer = await instance.startRekeyer(keyring, keyring === rewriting);
  for (;;) {
    const [row] = await rekeys.list();
    if (row && row.finishedAt !== null) {
      const seconds = (performance.now() - start) / 1000;
      await rekeyer.stop();
      const count = instance.count("refresh.succeeded") - refreshed;
      return { rowsPerSecond: row.done / 2 / seconds, refreshesPerSecond: count / seconds };
    }
    await sleep(20);
  }
}

function describe({ rowsPerSecond, refreshesPerSecond }: Measured): string {
  return `${rowsPerSecond.toFixed(0)} rows/s (${refreshesPerSecond.toFixed(0)} refreshes/s)`;
}

function median(of: readonly number[]): number {
  return of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)] ?? 0;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
