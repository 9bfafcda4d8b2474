import type { NewHistoryEntry } from "../connection/history.ts";
import type { Consent } from "../connection/store.ts";
import { detailColumn, diagnosisColumn } from "./connection-row.ts";
import type { Queries } from "./database.ts";
import { stringList } from "./json-column.ts";
import { egNow } from "./now.ts";
import { signal } from "./incident-signals.ts";
import { announceHistory } from "./outbox.ts";

/** What a new consent says, as columns. */
export function consentColumns(consent: Omit<Consent, "status_since">) {
  return {
    client_id: consent.clientId,
    account_id: consent.account?.id ?? null,
    account_label: consent.account?.label ?? null,
    requested_scopes: stringList.write(consent.requestedScopes),
    granted_scopes: stringList.write(consent.grantedScopes),
    status: consent.status,
    diagnosis: consent.diagnosis && diagnosisColumn.write(consent.diagnosis),
    consented_at: consent.consentedAt,
    last_proven_at: consent.lastProvenAt,
    missing_scopes: stringList.write(consent.missingScopes ?? []),
    ...(consent.requiredScopes && { required_scopes: stringList.write(consent.requiredScopes) }),
    claims: null,
    claims_refused: 0,
  };
}

export function updateConnection(queries: Queries, id: string) {
  return queries.updateTable("connections").where("id", "=", id);
}

export async function append(
  queries: Queries,
  connectionId: string,
  entries: readonly NewHistoryEntry[],
): Promise<void> {
  await appendAll(
    queries,
    entries.map((entry) => ({ connectionId, entry })),
  );
}

/** Writes down what happened, puts into the outbox what is told of it, and lets incidents know. */
export async function appendAll(
  queries: Queries,
  entries: readonly { connectionId: string; entry: NewHistoryEntry }[],
): Promise<void> {
  if (entries.length === 0) return;
  await queries
    .insertInto("history")
    .values(
      entries.map(({ connectionId, entry: { kind, generation, detail } }) => ({
        connection_id: connectionId,
        at: egNow,
        kind,
        generation,
        detail: detailColumn.write(detail),
      })),
    )
    .execute();
  await announceHistory(queries, entries);
  await signal(queries, entries);
}
