import { sql, type Selectable } from "kysely";
import type { Diagnosis } from "../connection/cause.ts";
import type { Claim } from "../connection/claim.ts";
import type { Spare } from "../connection/store.ts";
import type { TokenRecord } from "../connection/token-record.ts";
import { MINUTE } from "../runtime/clock.ts";
import { diagnosisColumn, tokenColumns, tokenRecordOf } from "./connection-row.ts";
import { append, updateConnection } from "./connection-writes.ts";
import type { Queries } from "./database.ts";
import { isSame, lockTokens, sameBytes, type LockedTokens } from "./locked-tokens.ts";
import { egNow } from "./now.ts";
import { eraOf, isTheOriginals } from "./restore-eras.ts";
import type { Schema } from "./schema.ts";
import { mayBeSpent } from "./spent-tokens.ts";
import { AT_REST, holds, updateLease, type Transaction } from "./transaction.ts";

type SpareRow = Selectable<Schema["spare_token_sets"]>;

/** Spares of one connection; with more than this, the oldest goes, one that was tried first. */
const MOST_SPARES = 10;

export async function setAside(
  tx: Transaction,
  connectionId: string,
  tokens: TokenRecord,
  claim: Claim | null,
): Promise<void> {
  const before = (await lockTokens(tx, [connectionId])).get(connectionId);
  if (!before) return;
  if (claim && holds(claim, before.lease)) await updateLease(tx, connectionId).set(AT_REST).execute();
  if (before.status === "disconnected" || tokens.sealedRefreshToken === null || isSame(before, tokens)) return;
  if (isOfEarlierConsent(before, tokens) || mayBeSpent(before, tokens)) return;
  const known = await allSpares(tx.queries, connectionId).execute();
  if (known.some((spare) => isSameToken(spare, tokens)) || isTheOriginals(tokens, await eraOf(tx.queries))) return;
  if (known.length >= MOST_SPARES) await dropOne(tx.queries, known);
  await tx.queries
    .insertInto("spare_token_sets")
    .values({ connection_id: connectionId, ...tokenColumns(tokens), set_aside_at: egNow })
    .execute();
  const { generation } = tokens;
  await append(tx.queries, connectionId, [{ kind: "superseded", generation, detail: {} }]);
  if (before.status === "reauthorization_required") await revive(tx, connectionId, before.generation);
}

function isSameToken(spare: SpareRow, { sealedRefreshToken, refreshTokenName }: TokenRecord): boolean {
  const hasSameName = refreshTokenName !== null && spare.refresh_token_name === refreshTokenName;
  return hasSameName || sameBytes(spare.refresh_token, sealedRefreshToken);
}

const ANSWER_WAS_LATE: Diagnosis = { cause: "rotation_lost", confidence: "likely", evidence: {} };

/** What was rejected was not the newest after all. */
async function revive(tx: Transaction, connectionId: string, generation: number): Promise<void> {
  const diagnosis = diagnosisColumn.write(ANSWER_WAS_LATE);
  await updateConnection(tx.queries, connectionId)
    .set({ status: "degraded", status_since: egNow, diagnosis })
    .execute();
  await updateLease(tx, connectionId).set({ due_at: egNow }).execute();
  const detail = { cause: ANSWER_WAS_LATE.cause };
  await append(tx.queries, connectionId, [{ kind: "degraded", generation, detail }]);
}

/** A person has consented anew since: what the consent before led to is over. */
function isOfEarlierConsent({ lease }: LockedTokens, { generation }: TokenRecord): boolean {
  return generation < (lease.consented_generation ?? 0);
}

async function dropOne(queries: Queries, known: readonly SpareRow[]): Promise<void> {
  const oldest = known.toSorted((a, b) => a.id - b.id);
  const id = (oldest.find(({ tried_at }) => tried_at !== null) ?? oldest[0])?.id ?? 0;
  await queries.deleteFrom("spare_token_sets").where("id", "=", id).execute();
}

/** A token that was rejected is worth another try after a provider's bad minutes, not at once. */
const TRIED_LATELY = 10 * MINUTE;

export async function spares(queries: Queries, connectionId: string): Promise<Spare[]> {
  const rows = await allSpares(queries, connectionId)
    .where((where) =>
      where.or([
        where("tried_at", "is", null),
        where("tried_at", "<", sql<number>`eg_now() - ${sql.lit(TRIED_LATELY)}`),
      ]),
    )
    .orderBy("id", "desc")
    .execute();
  return rows.map((row) => ({ id: row.id, tokens: tokenRecordOf(row) }));
}

function allSpares(queries: Queries, connectionId: string) {
  return queries.selectFrom("spare_token_sets").selectAll().where("connection_id", "=", connectionId);
}
