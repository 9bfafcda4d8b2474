import type { Database } from "../../src/store/database.ts";

/** Many connections, without the ceremony of connecting each. */
export async function crowd({ database }: { database: Database }, count: number): Promise<void> {
  const ids = Array.from({ length: count }, (_, i) => `con_${String(i).padStart(5, "0")}`);
  await database.write(async (queries) => {
    for (let start = 0; start < count; start += 300) {
      const some = ids.slice(start, start + 300);
      await queries
        .insertInto("connections")
        .values(
          some.map((id) => ({
            id,
            tenant_id: "default",
            client_id: "cli_1",
            requested_scopes: "[]",
            granted_scopes: "[]",
            status: "active",
            policy: "adaptive",
            labels: "{}",
            status_since: 1,
            created_at: 1,
          })),
        )
        .execute();
      await queries
        .insertInto("token_sets")
        .values(
          some.map((id) => ({
            connection_id: id,
            generation: 1,
            refresh_token: Buffer.of(1),
            token_type: "Bearer",
            scope: "[]",
            origin: "ahead",
            obtained_at: 1,
          })),
        )
        .execute();
      await queries
        .insertInto("refresh_leases")
        .values(
          some.map((id) => ({
            connection_id: id,
            client_id: "cli_1",
            due_at: 1,
            backoff_until: 0,
            failures: 0,
            epoch: 0,
            lease_until: 0,
            unanswered: 0,
            answer_until: 0,
          })),
        )
        .execute();
    }
  });
}
