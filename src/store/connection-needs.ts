import { isLive } from "../connection/connection.ts";
import type { NewHistoryEntry } from "../connection/history.ts";
import { diagnosisOfLack, lacksMore, type Lack } from "../connection/lack.ts";
import type { NeedsChange } from "../connection/store.ts";
import { lackOf, statusColumn } from "./connection-row.ts";
import { append, updateConnection } from "./connection-writes.ts";
import { stringList } from "./json-column.ts";
import { egNow } from "./now.ts";
import { lockLease, type Transaction } from "./transaction.ts";

export async function setNeeds(tx: Transaction, change: NeedsChange): Promise<"changed" | "unchanged" | "superseded"> {
  const { connectionId, requiredScopes, missingScopes } = change;
  const before = await locked(tx, connectionId);
  if (!before || !isAsKnown(before, change)) return "superseded";
  const required = stringList.write(requiredScopes);
  const after = { ...before.lack, missingScopes };
  const isSame = stringList.write([...before.lack.missingScopes]) === stringList.write(missingScopes);
  if (isSame && before.required === required) return "unchanged";
  await updateConnection(tx.queries, connectionId)
    .set({ required_scopes: required, missing_scopes: stringList.write(missingScopes) })
    .execute();
  await tell(tx, before, { connectionId, after, detail: change.detail });
  return "changed";
}

export async function challenge(tx: Transaction, connectionId: string, claims: string): Promise<void> {
  const before = await locked(tx, connectionId);
  if (!before || before.lack.claims === claims) return;
  await updateConnection(tx.queries, connectionId).set({ claims, claims_refused: 0 }).execute();
  await tell(tx, before, { connectionId, after: { ...before.lack, claims }, detail: {} });
}

export async function refuseClaims({ queries }: Transaction, connectionId: string, claims: string): Promise<void> {
  await updateConnection(queries, connectionId).set({ claims_refused: 1 }).where("claims", "=", claims).execute();
}

function isAsKnown(before: Before, { was }: NeedsChange): boolean {
  return (
    before.granted === stringList.write(was.grantedScopes) && before.required === stringList.write(was.requiredScopes)
  );
}

type Before = NonNullable<Awaited<ReturnType<typeof locked>>>;

async function locked(tx: Transaction, connectionId: string) {
  await lockLease(tx, connectionId);
  const row = await tx.queries
    .selectFrom("connections")
    .innerJoin("token_sets", "token_sets.connection_id", "connections.id")
    .select(["status", "granted_scopes", "required_scopes", "missing_scopes", "claims", "generation"])
    .where("connections.id", "=", connectionId)
    .where("status", "<>", "disconnected")
    .executeTakeFirst();
  if (!row) return null;
  return {
    status: statusColumn.parse(row.status),
    granted: row.granted_scopes,
    required: row.required_scopes,
    lack: lackOf(row),
    generation: row.generation,
  };
}

/** Of a connection that is over nothing is told: that it is has been told, and whoever signs in will be asked for everything. */
async function tell(
  tx: Transaction,
  before: Before,
  { connectionId, after, detail }: { connectionId: string; after: Lack; detail: NeedsChange["detail"] },
): Promise<void> {
  const entry = entryOf(before, after, detail);
  if (!entry || !isLive(before.status)) return;
  if (before.status === "active") {
    const isTurn = (diagnosisOfLack(before.lack) === null) !== (diagnosisOfLack(after) === null);
    if (isTurn) await updateConnection(tx.queries, connectionId).set({ status_since: egNow }).execute();
  } else if (entry.kind === "recovered") return;
  await append(tx.queries, connectionId, [entry]);
}

function entryOf({ lack, generation }: Before, after: Lack, detail: NeedsChange["detail"]): NewHistoryEntry | null {
  const diagnosis = diagnosisOfLack(after);
  if (diagnosis === null) return diagnosisOfLack(lack) && { kind: "recovered", generation, detail };
  if (!lacksMore(lack, after)) return null;
  return { kind: "degraded", generation, detail: { cause: diagnosis.cause, ...diagnosis.evidence, ...detail } };
}
