import { sql, type Selectable } from "kysely";
import { z } from "zod";
import type { Operator } from "../access/operator.ts";
import type { OperatorSession, OperatorSessionStore } from "../access/operator-session.ts";
import { DAY } from "../runtime/clock.ts";
import type { Database, Queries } from "./database.ts";
import { jsonColumn } from "./json-column.ts";
import { egNow } from "./now.ts";
import type { Schema } from "./schema.ts";

/** Sessions that are over are kept so long, and go when another is opened. */
const KEPT = 30 * DAY;

const operatorColumn = jsonColumn<Operator>(
  z.object({ issuer: z.string(), subject: z.string(), email: z.string().nullable(), groups: z.array(z.string()) }),
);

export function createOperatorSessionStore(database: Database): OperatorSessionStore {
  return {
    create: ({ id, tenantId, keyId, operator, hash, from }, lifeMs) =>
      database.write(async (queries) => {
        await queries.deleteFrom("operator_sessions").where("expires_at", "<", fromNow(-KEPT)).execute();
        const times = { created_at: egNow, last_used_at: egNow, expires_at: fromNow(lifeMs) };
        const owner = { tenant_id: tenantId, key_id: keyId, operator: operator && operatorColumn.write(operator) };
        await queries
          .insertInto("operator_sessions")
          .values({ id, ...owner, hash, from_address: from, ...times })
          .execute();
      }),
    find: (id, idleMs) =>
      database.read(async (queries) => {
        const row = await living(queries, idleMs).where("id", "=", id).executeTakeFirst();
        return row ? sessionOf(row) : null;
      }),
    list: (tenantId, idleMs) =>
      database.read(async (queries) => {
        const rows = await living(queries, idleMs).where("tenant_id", "=", tenantId).orderBy("id").execute();
        return rows.map(sessionOf);
      }),
    touch: (id, atMostEveryMs) =>
      database.write(async (queries) => {
        await queries
          .updateTable("operator_sessions")
          .set({ last_used_at: egNow })
          .where("id", "=", id)
          .where("last_used_at", "<=", fromNow(-atMostEveryMs))
          .execute();
      }),
    end: (tenantId, id) =>
      database.write(async (queries) => {
        const ended = await queries
          .updateTable("operator_sessions")
          .set({ ended_at: egNow })
          .where("id", "=", id)
          .where("tenant_id", "=", tenantId)
          .where("ended_at", "is", null)
          .executeTakeFirst();
        return ended.numUpdatedRows > 0n;
      }),
  };
}

function living(queries: Queries, idleMs: number) {
  return queries
    .selectFrom("operator_sessions")
    .selectAll()
    .select(egNow.as("now"))
    .where("ended_at", "is", null)
    .where("expires_at", ">", egNow)
    .where("last_used_at", ">", fromNow(-idleMs));
}

function fromNow(milliseconds: number) {
  return sql<number>`eg_now() + cast(${milliseconds} as bigint)`;
}

function sessionOf(row: Selectable<Schema["operator_sessions"]> & { now: number }): OperatorSession {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    keyId: row.key_id,
    operator: row.operator === null ? null : operatorColumn.read(row.operator),
    hash: row.hash,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    unusedMs: row.now - row.last_used_at,
    from: row.from_address,
  };
}
