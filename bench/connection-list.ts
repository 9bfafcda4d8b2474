/**
 * How long the database takes for each filter and order of the list of connections, at 100,000 of one tenant: the first page, and
 * one from the middle. Prints the fastest and the slowest of five, in milliseconds.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
import { connectionId, populate } from "./connection-population.ts";
import { built } from "./sweep/built.ts";
import { startPostgres } from "./sweep/postgres.ts";

const CONNECTIONS = Number(process.env["CONNECTIONS"] ?? 100_000);
const TIMES = 5;
const TENANT = "ten_bench";
const PAGE = { tenantId: TENANT, limit: 51, status: null, clientId: null } as const;

type Opened = Awaited<ReturnType<Awaited<ReturnType<typeof built.openDatabase>>["openDatabase"]>>;
type Store = ReturnType<Awaited<ReturnType<typeof built.connectionStore>>["createConnectionStore"]>;
type Query = Parameters<Store["list"]>[0];

const FILTERS: Record<string, Partial<Query>> = {
  nothing: {},
  "status: most": { status: "active" },
  "status: few": { status: "reauthorization_required" },
  "status: none": { status: "disconnected" },
  "status: suspended": { status: "suspended" },
  "search: most": { search: "user" },
  "search: one": { search: "User-77777@" },
  "search: none": { search: "nobody%" },
  "cause: few": { cause: "revoked_by_user" },
  "cause: none": { cause: "journal_unavailable" },
  "provider: few": { providerId: "slack" },
  "provider: none": { providerId: "none" },
  "client: few": { clientId: "cli_slack" },
  "label: few": { label: ["plan", "gold"] },
  "label: none": { label: ["plan", "none"] },
  "not proven": { provenBefore: 1_000_000 },
  all: { status: "active", search: "user", providerId: "google", label: ["plan", "free"] },
};
const ORDERS = ["made", "proven", "changed"] as const;

async function measure(name: string, database: Opened): Promise<void> {
  const { createConnectionStore } = await built.connectionStore();
  const callers = {
    operator: createConnectionStore(database),
    tenant: createConnectionStore(database.forTenant(TENANT)),
  };
  for (const [caller, store] of Object.entries(callers)) {
    for (const order of ORDERS) {
      for (const [filter, wanted] of Object.entries(FILTERS)) {
        const first = await timesOf(() => store.list({ ...PAGE, ...wanted, order, after: null }));
        const later = await timesOf(() =>
          store.list({ ...PAGE, ...wanted, order, after: connectionId(CONNECTIONS / 2) }),
        );
        process.stdout.write(`${[name, caller, order, filter, first, later].join("\t")}\n`);
      }
    }
    const { createOverviewStore } = await built.overviewStore();
    const overview = createOverviewStore(caller === "tenant" ? database.forTenant(TENANT) : database);
    const clientIds = ["cli_google", "cli_slack"];
    const soon = { tenantId: TENANT, clientIds, from: Date.now() - 1_000_000, to: Date.now() + 1_000_000, limit: 50 };
    const parts = {
      statuses: () => overview.statuses(TENANT),
      backlog: () => overview.backlog(TENANT),
      consented: () => overview.consented(soon),
      ending: () => overview.ending(soon),
    };
    for (const [part, read] of Object.entries(parts)) {
      const took = await timesOf(read);
      process.stdout.write(`${[name, caller, "overview", part, took].join("\t")}\n`);
    }
  }
}

/** A machine that is busy with other things makes the slowest slow, and leaves the fastest. */
async function timesOf(work: () => Promise<unknown>): Promise<string> {
  const took: number[] = [];
  for (let time = 0; time < TIMES; time++) {
    const start = performance.now();
    await work();
    took.push(performance.now() - start);
  }
  return `${Math.min(...took).toFixed(1)} to ${Math.max(...took).toFixed(1)}`;
}

async function run(
  name: string,
  settings: Parameters<Awaited<ReturnType<typeof built.openDatabase>>["openDatabase"]>[0],
) {
  const { openDatabase } = await built.openDatabase();
  const { systemClock } = await built.system();
  const database = await openDatabase(settings, systemClock);
  try {
    const now = Date.now();
    await database.write((queries) =>
      sql`insert into tenants (id, name, created_at) values (${TENANT}, 'Bench', ${now})`.execute(queries),
    );
    // Half of them are due already, for the backlog to have what it counts.
    await populate(database, { tenantId: TENANT, connections: CONNECTIONS, firstDueAt: now - CONNECTIONS * 500 });
    await measure(name, database);
  } finally {
    await database.close();
  }
}

const folder = mkdtempSync(join(tmpdir(), "evergrant-bench-"));
// PostgreSQL runs as a user of its own.
chmodSync(folder, 0o755);
try {
  if (process.env["ONLY"] !== "postgres") await run("SQLite", { kind: "sqlite", path: join(folder, "evergrant.db") });
  if (process.env["ONLY"] !== "sqlite") {
    const postgres = await startPostgres(join(folder, "postgres"));
    const { secret } = await built.secret();
    try {
      await run("PostgreSQL", { kind: "postgres", url: secret(postgres.url) });
    } finally {
      await postgres.stop();
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
