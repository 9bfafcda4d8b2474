import { sql } from "kysely";
import { built, type Database, type Keyring } from "../sweep/built.ts";

export interface Population {
  clientId: string;
  /** Numbers of the connections, both included. */
  first: number;
  last: number;
  /** Connections up to this number are due, spread over `DUE_WITHIN`; all others rest. */
  busy: number;
}

export const TENANT = "default";
/** About as long as connections of the token endpoint wait between two refreshes. */
export const DUE_WITHIN = 9_000;
const DAY = 86_400_000;
const ROWS_AT_ONCE = 500;
const ZEROS = "0".repeat(26);

/** As sorting by id sorts by number. */
export function idOf(number: number): string {
  return `con_${String(number).padStart(ZEROS.length, "0")}`;
}

/** Fills the database with connections whose access and refresh tokens are sealed as the service seals them. */
export async function populate(database: Database, keyring: Keyring, population: Population): Promise<void> {
  const { first, last } = population;
  for (let start = first; start <= last; start += ROWS_AT_ONCE) {
    const range = { ...population, first: start, last: Math.min(last, start + ROWS_AT_ONCE - 1) };
    const rows = await tokenRows(keyring, range);
    await database.write(async (queries) => {
      await insertAround(range).connections.execute(queries);
      await queries.insertInto("token_sets").values(rows).execute();
      await insertAround(range).leases.execute(queries);
    });
  }
  await database.write((queries) => sql`analyze`.execute(queries));
}

async function tokenRows(keyring: Keyring, { first, last, busy }: Population) {
  const { secret } = await built.secret();
  const now = Date.now();
  const rows = [];
  for (let number = first; number <= last; number++) {
    const address = { tenantId: TENANT, recordId: idOf(number), generation: 1 };
    const access = secret(`access-${number}-1`.padEnd(200, "x"));
    const refresh = secret(`refresh-${number}-1`);
    rows.push({
      connection_id: idOf(number),
      generation: 1,
      access_token: await keyring.seal({ ...address, field: "access_token" }, access),
      refresh_token: await keyring.seal({ ...address, field: "refresh_token" }, refresh),
      refresh_token_name: await keyring.name(TENANT, refresh),
      token_type: "Bearer",
      scope: "[]",
      origin: "import",
      obtained_at: now,
      expires_at: now + (number <= busy ? 2 * DUE_WITHIN : DAY),
    });
  }
  return rows;
}

/** What belongs to the rows, made by the database itself. */
function insertAround({ clientId, first, last, busy }: Population) {
  const numbers = sql`with recursive numbers(n) as
    (select cast(${sql.lit(first)} as bigint) union all select n + 1 from numbers where n < ${sql.lit(last)})`;
  const text = sql`cast(n as text)`;
  const id = sql`'con_' || substr(${sql.lit(ZEROS)}, length(${text}) + 1) || ${text}`;
  const now = sql.lit(Date.now());
  const client = sql.lit(clientId);
  const due = sql`case when n <= ${sql.lit(busy)} then n * ${sql.lit(DUE_WITHIN)} / ${sql.lit(Math.max(1, busy))}
    else ${sql.lit(DAY)} + n end`;
  return {
    connections: sql`insert into connections (id, tenant_id, client_id, requested_scopes, granted_scopes, status, policy,
      labels, status_since, created_at) ${numbers} select ${id}, ${sql.lit(TENANT)}, ${client}, '[]', '[]', 'active',
      'eager', '{}', ${now}, ${now} from numbers`,
    leases: sql`insert into refresh_leases (connection_id, client_id, due_at, backoff_until, failures)
      ${numbers} select ${id}, ${client}, ${now} + ${due}, 0, 0 from numbers`,
  };
}
