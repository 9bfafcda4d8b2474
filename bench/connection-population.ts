import { sql } from "kysely";
import type { Database } from "./sweep/built.ts";

export interface Population {
  tenantId: string;
  connections: number;
  /** The others follow, one a second. */
  firstDueAt: number;
}

/** One in fifty is not well, one in a hundred is of the smaller client, and each has a user, an account and labels. */
export async function populate(database: Database, { tenantId, connections, firstDueAt }: Population): Promise<void> {
  const now = sql.lit(Date.now());
  const scopes = sql.lit(
    JSON.stringify(["https://www.googleapis.com/auth/drive", "https://www.googleapis.com/auth/calendar"]),
  );
  const numbers = sql`with recursive numbers(n) as
    (select 1 union all select n + 1 from numbers where n < ${sql.lit(connections)})`;
  const id = sql`'con_' || substr('00000000000000000000000000' || n, length('00000000000000000000000000' || n) - 25)`;
  await database.write(async (queries) => {
    for (const provider of ["google", "slack", "notion"]) {
      const suspended = provider === "notion" ? now : sql`null`;
      await sql`insert into clients (id, tenant_id, provider_id, client_id, authentication, scopes, settings, created_at, suspended_since)
        values (${`cli_${provider}`}, ${tenantId}, ${provider}, 'x', 'client_secret_basic', '[]', '{}', ${now}, ${suspended})`.execute(
        queries,
      );
    }
    const client = sql`case when n % 100 = 0 then 'cli_slack' when n % 1000 = 1 then 'cli_notion' else 'cli_google' end`;
    await sql`insert into connections (id, tenant_id, client_id, end_user, account_id, account_label, requested_scopes,
        granted_scopes, status, diagnosis, policy, labels, status_since, created_at, consented_at, last_proven_at)
      ${numbers} select ${id}, ${tenantId}, ${client}, 'user-' || n, 'account-' || (n * 7919), 'User-' || n || '@example.com',
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
      ${numbers} select ${id}, ${client}, ${sql.lit(firstDueAt)} + n * 1000, 0, 0 from numbers`.execute(queries);
  });
  await database.write((queries) => sql`analyze`.execute(queries));
}

const BLOB = Buffer.alloc(700, 1);

export function connectionId(number: number): string {
  return `con_${String(number).padStart(26, "0")}`;
}
