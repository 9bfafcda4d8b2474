import type { Kysely } from "kysely";

/** What a client shows publicly of what it authenticates with: a public key, or its certificate. */
export function clientKeys() {
  return async (db: Kysely<unknown>): Promise<void> => {
    await db.schema.alterTable("client_secrets").addColumn("shown", "text").execute();
  };
}
