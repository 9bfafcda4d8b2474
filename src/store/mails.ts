import { z } from "zod";
import { DEFAULT_TENANT } from "../access/store.ts";
import type { OutboxEvent } from "../event/event.ts";
import {
  DIGESTED,
  DIGEST_EVERY,
  DIGEST_GATHERS,
  DIGEST_REACHES,
  MAIL_KINDS,
  MOST_DIGESTED,
  type ClaimedMail,
  type MailEnd,
  type MailStore,
} from "../event/mail.ts";
import { fromNow } from "./client-secret-rows.ts";
import type { Database, Queries } from "./database.ts";
import { egNow } from "./now.ts";
import { eventOf } from "./outbox-row.ts";
import { inTransaction, type Transaction } from "./transaction.ts";

const kindColumn = z.enum(MAIL_KINDS);

export function createMailStore(database: Database): MailStore {
  const within = inTransaction(database);
  return {
    gather: async () => {
      if (!(await database.read(isTimeForDigest))) return false;
      return within(gather);
    },
    claim: (leaseMs) => database.write((queries) => claim(queries, leaseMs)),
    events: (mail) => database.read((queries) => eventsOf(queries, mail)),
    note: (mail, end) => database.write((queries) => note(queries, mail, end)),
  };
}

/** Of which no mail tells yet, and no incident either. */
function untold(queries: Queries) {
  return queries
    .selectFrom("outbox")
    .where("passed_on_at", ">", fromNow(-DIGEST_REACHES))
    .where("type", "in", DIGESTED)
    .where("mail_number", "is", null)
    .where("incident_id", "is", null);
}

async function isTimeForDigest(queries: Queries): Promise<boolean> {
  const last = await queries
    .selectFrom("mails")
    .select("number")
    .where("kind", "=", "digest")
    .where("created_at", ">", fromNow(-DIGEST_EVERY))
    .limit(1)
    .executeTakeFirst();
  if (last) return false;
  const first = untold(queries).select("number").where("passed_on_at", "<=", fromNow(-DIGEST_GATHERS));
  return (await first.limit(1).executeTakeFirst()) !== undefined;
}

/** Whoever comes second finds that there is one. */
async function gather({ queries, dialect }: Transaction): Promise<boolean> {
  const operator = queries.selectFrom("tenants").select("id").where("id", "=", DEFAULT_TENANT);
  await operator.modifyEnd(dialect.forUpdate).execute();
  if (!(await isTimeForDigest(queries))) return false;
  const { number } = await queries
    .insertInto("mails")
    .values({ tenant_id: DEFAULT_TENANT, kind: "digest", created_at: egNow })
    .returning("number")
    .executeTakeFirstOrThrow();
  await queries
    .updateTable("outbox")
    .set({ mail_number: number })
    .where("number", "in", untold(queries).select("number").orderBy("number").limit(MOST_DIGESTED))
    .execute();
  return true;
}

async function claim(queries: Queries, leaseMs: number): Promise<ClaimedMail | null> {
  const row = await queries
    .updateTable("mails")
    .set((set) => ({ claimed_until: fromNow(leaseMs), attempts: set("attempts", "+", 1) }))
    .where("number", "in", (due) =>
      due
        .selectFrom("mails")
        .select("number")
        .where("state", "=", "pending")
        .where("next_at", "<=", egNow)
        .where("claimed_until", "<=", egNow)
        .orderBy("number")
        .limit(1),
    )
    .where("state", "=", "pending")
    .where("claimed_until", "<=", egNow)
    .returning(["number", "kind", "endpoint_id", "attempts"])
    .executeTakeFirst();
  if (!row) return null;
  return { number: row.number, kind: kindColumn.parse(row.kind), endpointId: row.endpoint_id, attempt: row.attempts };
}

async function eventsOf(queries: Queries, mail: number): Promise<OutboxEvent[]> {
  const rows = queries.selectFrom("outbox").selectAll().where("mail_number", "=", mail);
  return (await rows.orderBy("number").execute()).map(eventOf);
}

async function note(queries: Queries, { number, attempt }: ClaimedMail, end: MailEnd): Promise<void> {
  const pending = queries.updateTable("mails").where("number", "=", number).where("state", "=", "pending");
  switch (end.kind) {
    case "sent":
    case "cancelled":
      await pending.set({ state: end.kind, finished_at: egNow }).execute();
      return;
    case "failed":
      await pending
        .where("attempts", "=", attempt)
        .set(
          end.retryInMs === null
            ? { state: "given_up", finished_at: egNow }
            : { next_at: fromNow(end.retryInMs), claimed_until: 0 },
        )
        .execute();
  }
}
