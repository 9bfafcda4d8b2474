import type { ReceiverSettings, SecurityEventReceiverStore } from "../security-event/receiver.ts";
import type { Database, Queries } from "./database.ts";
import { stringList } from "./json-column.ts";
import { egNow } from "./now.ts";

const DEFAULTS: ReceiverSettings = { issuer: null, audience: [], pollUrl: null };

export function createSecurityEventReceiverStore(database: Database): SecurityEventReceiverStore {
  return {
    settings: (clientId) =>
      database.read(async (queries) => {
        const row = await queries
          .selectFrom("security_event_receivers")
          .select(["issuer", "audience", "poll_url"])
          .where("client_id", "=", clientId)
          .executeTakeFirst();
        return row ? { issuer: row.issuer, audience: stringList.read(row.audience), pollUrl: row.poll_url } : DEFAULTS;
      }),
    signingSecret: (clientId, sender) =>
      database.read(async (queries) => {
        const row = await queries
          .selectFrom("signing_secrets")
          .select(["id", "sealed"])
          .where("client_id", "=", clientId)
          .where("sender", "=", sender)
          .executeTakeFirst();
        return row ?? null;
      }),
    polled: () =>
      database.read(async (queries) => {
        const polled = queries
          .selectFrom("security_event_receivers")
          .select("client_id")
          .where("poll_url", "is not", null);
        return (await polled.orderBy("client_id").execute()).map((row) => row.client_id);
      }),
    change: (clientId, changes) => database.write((queries) => change(queries, clientId, changes)),
  };
}

/** A secret is a row of its own, written once: whoever seals it anew meanwhile does not bring the former one back. */
async function change(
  queries: Queries,
  clientId: string,
  { settings, secrets }: Parameters<SecurityEventReceiverStore["change"]>[1],
): Promise<void> {
  if (settings) {
    const columns = {
      issuer: settings.issuer,
      audience: stringList.write([...settings.audience]),
      poll_url: settings.pollUrl,
    };
    await queries
      .insertInto("security_event_receivers")
      .values({ client_id: clientId, ...columns })
      .onConflict((conflict) => conflict.column("client_id").doUpdateSet(columns))
      .execute();
  }
  for (const [sender, secret] of secrets) {
    await queries
      .deleteFrom("signing_secrets")
      .where("client_id", "=", clientId)
      .where("sender", "=", sender)
      .execute();
    if (!secret) continue;
    await queries
      .insertInto("signing_secrets")
      .values({ id: secret.id, client_id: clientId, sender, sealed: secret.sealed, created_at: egNow })
      .execute();
  }
}

/** With the client goes what is signed for it. */
export async function eraseReceivers(queries: Queries, clientIds: readonly string[]): Promise<void> {
  if (clientIds.length === 0) return;
  await queries.deleteFrom("signing_secrets").where("client_id", "in", clientIds).execute();
  await queries.deleteFrom("security_event_receivers").where("client_id", "in", clientIds).execute();
}
