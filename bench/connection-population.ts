import { sql, type RawBuilder } from "kysely";
import type { Database } from "./sweep/built.ts";

type Queries = Parameters<Parameters<Database["write"]>[0]>[0];

export interface Population {
  tenantId: string;
  connections: number;
  /** The others follow, one a second. */
  firstDueAt: number;
}

/** Rows of one statement: a busy server would end one that takes half a minute. */
const AT_ONCE = 10_000;

/** One in fifty is not well, one in a hundred is of the smaller client, and each has a user, an account and labels. */
export async function populate(database: Database, { tenantId, connections, firstDueAt }: Population): Promise<void> {
  const now = sql.lit(Date.now());
  await database.write(async (queries) => {
    for (const provider of ["google", "slack", "notion"]) {
      const suspended = provider === "notion" ? now : sql`null`;
      await sql`insert into clients (id, tenant_id, provider_id, client_id, authentication, scopes, settings, created_at, suspended_since)
        values (${`cli_${provider}`}, ${tenantId}, ${provider}, 'x', 'client_secret_basic', '[]', '{}', ${now}, ${suspended})`.execute(
        queries,
      );
    }
  });
  for (let first = 1; first <= connections; first += AT_ONCE) {
    const last = Math.min(first + AT_ONCE - 1, connections);
    await database.write((queries) => insert(queries, { tenantId, now, first, last, firstDueAt }));
  }
  await database.write((queries) => sql`analyze`.execute(queries));
}

interface Slice {
  tenantId: string;
  now: RawBuilder<unknown>;
  first: number;
  last: number;
  firstDueAt: number;
}

async function insert(queries: Queries, { tenantId, now, first, last, firstDueAt }: Slice): Promise<void> {
  const numbers = sql`with recursive numbers(n) as
    (select ${sql.lit(first)} union all select n + 1 from numbers where n < ${sql.lit(last)})`;
  const id = sql`'con_' || substr('00000000000000000000000000' || n, length('00000000000000000000000000' || n) - 25)`;
  const client = sql`case when n % 100 = 0 then 'cli_slack' when n % 1000 = 1 then 'cli_notion' else 'cli_google' end`;
  await sql`insert into connections (id, tenant_id, client_id, end_user, account_id, account_label, requested_scopes,
      granted_scopes, status, diagnosis, policy, labels, status_since, created_at, consented_at, last_proven_at)
    ${numbers} select ${id}, ${tenantId}, ${client}, 'user-' || n, 'account-' || (n * 7919), 'User-' || n || '@example.com',
      ${SCOPES}, ${SCOPES},
      case when n % 50 = 0 then 'reauthorization_required' when n % 51 = 0 then 'degraded' else 'active' end,
      case when n % 50 = 0 then '{"cause":"revoked_by_user","confidence":"certain","evidence":{"code":"invalid_grant"}}' end,
      'eager', case when n % 200 = 0 then '{"plan":"gold"}' else '{"plan":"free"}' end,
      ${now} - (n * 7919) % 1000003, ${now}, ${now} - n, case when n % 5 = 0 then null else ${now} - (cast(n as bigint) * 104729) % 1000003 end
    from numbers`.execute(queries);
  await sql`insert into token_sets (connection_id, generation, token_type, scope, origin, obtained_at, expires_at, access_token, refresh_token)
    ${numbers} select ${id}, 1, 'Bearer', ${SCOPES}, 'import', ${now}, ${now} + 3600000, ${BLOB}, ${BLOB} from numbers`.execute(
    queries,
  );
  await sql`insert into refresh_leases (connection_id, client_id, due_at, backoff_until, failures)
    ${numbers} select ${id}, ${client}, ${sql.lit(firstDueAt)} + n * 1000, 0, 0 from numbers`.execute(queries);
}

const SCOPES = sql.lit(
  JSON.stringify(["https://www.googleapis.com/auth/drive", "https://www.googleapis.com/auth/calendar"]),
);

const BLOB = Buffer.alloc(700, 1);

export function connectionId(number: number): string {
  return `con_${String(number).padStart(26, "0")}`;
}
