import { sql } from "kysely";
import { built } from "./built.ts";

type Database = Awaited<ReturnType<Awaited<ReturnType<typeof built.openDatabase>>["openDatabase"]>>;

export interface Population {
  /** Connections that are not due while the run lasts. */
  resting: number;
  /** Connections that are due at once. */
  due: number;
}

const TENANT = "default";
const ROWS_AT_ONCE = 500;
const DAY = 86_400_000;

/** Fills the database with connections of one client: most rest, some are due, and those have tokens that can be opened. */
export async function populate(
  database: Database,
  rootKeyText: string,
  clientId: string,
  { resting, due }: Population,
): Promise<void> {
  await insertResting(database, clientId, resting);
  const records = await sealedTokens(database, rootKeyText, due);
  for (let first = 0; first < due; first += ROWS_AT_ONCE) {
    const rows = records.slice(first, first + ROWS_AT_ONCE);
    await database.write(async (queries) => {
      await queries
        .insertInto("connections")
        .values(rows.map(({ id }) => connectionRow(id, clientId)))
        .execute();
      await queries
        .insertInto("token_sets")
        .values(rows.map(({ id, sealed }) => tokenRow(id, sealed)))
        .execute();
      await queries
        .insertInto("refresh_leases")
        .values(rows.map(({ id }) => leaseRow(id, clientId)))
        .execute();
    });
  }
  await database.write((queries) => sql`analyze`.execute(queries));
}

async function sealedTokens(database: Database, rootKeyText: string, count: number) {
  const [{ parseRootKey }, { openKeyring }, { createKeyStore }, { systemRandom, systemClock }, { secret }] =
    await Promise.all([built.rootKey(), built.keyring(), built.keyStore(), built.system(), built.secret()]);
  const root = parseRootKey(rootKeyText);
  if (!root) throw new Error("The root key is not one.");
  const keys = createKeyStore(database, () => "made by the service before");
  const keyring = await openKeyring({
    keys,
    roots: { primary: root, others: [] },
    random: systemRandom,
    clock: systemClock,
  });
  const records: { id: string; sealed: Uint8Array }[] = [];
  for (let index = 0; index < count; index++) {
    const id = `con_due_${index}`;
    const address = { tenantId: TENANT, recordId: id, field: "refresh_token", generation: 1 } as const;
    records.push({ id, sealed: await keyring.seal(address, secret(`refresh-of-${id}`)) });
  }
  return records;
}

function connectionRow(id: string, clientId: string) {
  const now = Date.now();
  return {
    id,
    tenant_id: TENANT,
    client_id: clientId,
    requested_scopes: "[]",
    granted_scopes: "[]",
    status: "active",
    policy: "eager",
    labels: "{}",
    status_since: now,
    created_at: now,
  };
}

function tokenRow(connectionId: string, sealed: Uint8Array) {
  return {
    connection_id: connectionId,
    generation: 1,
    refresh_token: sealed,
    token_type: "Bearer",
    scope: "[]",
    origin: "import",
    obtained_at: Date.now(),
    expires_at: Date.now(),
  };
}

function leaseRow(connectionId: string, clientId: string) {
  const free = { backoff_until: 0, failures: 0, epoch: 0, lease_until: 0, unanswered: 0, answer_until: 0 };
  return { connection_id: connectionId, client_id: clientId, due_at: Date.now(), ...free };
}

/** As many at a time as every database takes in one statement. */
const BATCH = 20_000;

/** By the database itself: a million rows one by one would take longer than what is measured. */
async function insertResting(database: Database, clientId: string, count: number): Promise<void> {
  for (let first = 1; first <= count; first += BATCH) {
    await insertSome(database, clientId, { first, last: Math.min(count, first + BATCH - 1) });
  }
}

async function insertSome(database: Database, clientId: string, { first, last }: { first: number; last: number }) {
  const numbers = sql`with recursive numbers(n) as
    (select ${sql.lit(first)} union all select n + 1 from numbers where n < ${sql.lit(last)})`;
  const now = sql.lit(Date.now());
  const client = sql.lit(clientId);
  await database.write(async (queries) => {
    await sql`insert into connections (id, tenant_id, client_id, requested_scopes, granted_scopes, status, policy, labels,
      status_since, created_at) ${numbers} select 'con_rest_' || n, 'default', ${client}, '[]', '[]', 'active',
      'eager', '{}', ${now}, ${now} from numbers`.execute(queries);
    await sql`insert into token_sets (connection_id, generation, token_type, scope, origin, obtained_at, expires_at)
      ${numbers} select 'con_rest_' || n, 1, 'Bearer', '[]', 'import', ${now}, ${now} + ${sql.lit(DAY)} from numbers`.execute(
      queries,
    );
    await sql`insert into refresh_leases (connection_id, client_id, due_at, backoff_until, failures)
      ${numbers} select 'con_rest_' || n, ${client}, ${now} + ${sql.lit(DAY)} + n, 0, 0 from numbers`.execute(queries);
  });
}
