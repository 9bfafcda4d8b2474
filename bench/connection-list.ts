/**
 * How long the database takes for each filter and order of the list of connections, at 100,000 of one tenant: the first page, and
 * one from the middle. Prints the fastest and the slowest of five, in milliseconds.
 */
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "kysely";
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
        const later = await timesOf(() => store.list({ ...PAGE, ...wanted, order, after: idOf(CONNECTIONS / 2) }));
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

function idOf(number: number): string {
  return `con_${String(number).padStart(26, "0")}`;
}

/** One in fifty is not well, one in a hundred is of the smaller client, and each has a user, an account and labels. */
async function populate(database: Opened): Promise<void> {
  const now = sql.lit(Date.now());
  const count = sql.lit(CONNECTIONS);
  const scopes = sql.lit(
    JSON.stringify(["https://www.googleapis.com/auth/drive", "https://www.googleapis.com/auth/calendar"]),
  );
  const numbers = sql`with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${count})`;
  const id = sql`'con_' || substr('00000000000000000000000000' || n, length('00000000000000000000000000' || n) - 25)`;
  await database.write(async (queries) => {
    await sql`insert into tenants (id, name, created_at) values (${TENANT}, 'Bench', ${now})`.execute(queries);
    for (const provider of ["google", "slack", "notion"]) {
      const suspended = provider === "notion" ? now : sql`null`;
      await sql`insert into clients (id, tenant_id, provider_id, client_id, authentication, scopes, settings, created_at, suspended_since)
        values (${`cli_${provider}`}, ${TENANT}, ${provider}, 'x', 'client_secret_basic', '[]', '{}', ${now}, ${suspended})`.execute(
        queries,
      );
    }
    const client = sql`case when n % 100 = 0 then 'cli_slack' when n % 1000 = 1 then 'cli_notion' else 'cli_google' end`;
    await sql`insert into connections (id, tenant_id, client_id, end_user, account_id, account_label, requested_scopes,
        granted_scopes, status, diagnosis, policy, labels, status_since, created_at, consented_at, last_proven_at)
      ${numbers} select ${id}, ${TENANT}, ${client}, 'user-' || n, 'account-' || (n * 7919), 'User-' || n || '@example.com',
        ${scopes}, ${scopes},
        case when n % 50 = 0 then 'reauthorization_required' when n % 51 = 0 then 'degraded' else 'active' end,
        case when n % 50 = 0 then '{"cause":"revoked_by_user","confidence":"certain","evidence":{"code":"invalid_grant"}}' end,
        'eager', case when n % 200 = 0 then '{"plan":"gold"}' else '{"plan":"free"}' end,
        ${now} - (n * 7919) % 1000003, ${now}, ${now} - n, case when n % 5 = 0 then null else ${now} - (cast(n as bigint) * 104729) % 1000003 end
      from numbers`.execute(queries);
    await sql`insert into token_sets (connection_id, generation, token_type, scope, origin, obtained_at, expires_at, access_token, refresh_token)
      ${numbers} select ${id}, 1, 'Bearer', ${scopes}, 'import', ${now}, ${now} + 3600000, ${BLOB}, ${BLOB} from numbers`.execute(
      queries,
    );
    await sql`insert into refresh_leases (connection_id, client_id, due_at, backoff_until, failures)
      ${numbers} select ${id}, ${client}, ${now} + (n - ${count} / 2) * 1000, 0, 0 from numbers`.execute(queries);
  });
  await database.write((queries) => sql`analyze`.execute(queries));
}

const BLOB = Buffer.alloc(700, 1);

async function run(
  name: string,
  settings: Parameters<Awaited<ReturnType<typeof built.openDatabase>>["openDatabase"]>[0],
) {
  const { openDatabase } = await built.openDatabase();
  const { systemClock } = await built.system();
  const database = await openDatabase(settings, systemClock);
  try {
    await populate(database);
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
