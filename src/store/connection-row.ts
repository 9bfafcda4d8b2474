import { z } from "zod";
import type { Insertable, Selectable } from "kysely";
import { CAUSES, WHO_ACTS, type Diagnosis } from "../connection/cause.ts";
import { diagnosisOfLack, type Lack } from "../connection/lack.ts";
import { isLive, type Connection, type ConnectionStatus, type RefreshPolicy } from "../connection/connection.ts";
import type { HistoryEntry, HistoryKind } from "../connection/history.ts";
import type { Notice } from "../connection/notice.ts";
import type { RefreshLease } from "../connection/store.ts";
import type { TokenMarks } from "../connection/token-marks.ts";
import type { TokenRecord, TokenSetOrigin } from "../connection/token-record.ts";
import { jsonColumn, stringList, stringMap } from "./json-column.ts";
import type { Schema } from "./schema.ts";

const facts = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));
export const diagnosisColumn = jsonColumn<Diagnosis>(
  z.object({
    cause: z.enum(CAUSES),
    confidence: z.enum(["certain", "likely", "possible"]),
    evidence: facts,
    whoActs: z.enum(WHO_ACTS).exactOptional(),
  }),
);
export const detailColumn = jsonColumn(facts);
export const noticeColumn = jsonColumn<Notice>(
  z.object({
    event: z.string(),
    at: z.number(),
    until: z.number(),
    generation: z.int(),
    cause: z.enum(CAUSES).nullable(),
    confidence: z.enum(["certain", "likely", "possible"]),
    withholds: z.boolean(),
  }),
);

export const statusColumn = z.enum([
  "active",
  "degraded",
  "suspended",
  "reauthorization_required",
  "disconnected",
] satisfies ConnectionStatus[]);
const policyColumn = z.enum(["adaptive", "eager", "on_demand"] satisfies RefreshPolicy[]);
const causeColumn = z.enum(CAUSES).nullable();
const originColumn = z.enum([
  "connect",
  "import",
  "ahead",
  "reader",
  "rejected",
  "manual",
  "proof",
] satisfies TokenSetOrigin[]);
const kindColumn = z.enum([
  "connected",
  "imported",
  "refreshed",
  "refresh_failed",
  "answer_lost",
  "degraded",
  "expiring",
  "recovered",
  "reauthorization_required",
  "reauthorized",
  "account_switched",
  "superseded",
  "spare_promoted",
  "recovered_from_journal",
  "recovered_from_memory",
  "rejection_held",
  "reprieved",
  "held_after_restore",
  "released_after_restore",
  "moved_out",
  "released_after_export",
  "security_event",
  "disconnected",
] satisfies HistoryKind[]);

/** A connection with what its client says about it. */
export type ConnectionRow = Selectable<Schema["connections"]> & Pick<Selectable<Schema["clients"]>, ClientColumn>;

export const CLIENT_COLUMNS = ["provider_id", "suspended_since", "suspended_cause", "suspended_code"] as const;

type ClientColumn = (typeof CLIENT_COLUMNS)[number];

export function connectionOf(row: ConnectionRow): Connection {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    clientId: row.client_id,
    providerId: row.provider_id,
    endUser: row.end_user,
    account: row.account_id === null ? null : { id: row.account_id, label: row.account_label },
    requestedScopes: stringList.read(row.requested_scopes),
    grantedScopes: stringList.read(row.granted_scopes),
    requiredScopes: stringList.read(row.required_scopes),
    missingScopes: stringList.read(row.missing_scopes),
    claims: row.claims === null ? null : { json: row.claims, isRefused: row.claims_refused > 0 },
    ...conditionOf(row),
    policy: policyColumn.parse(row.policy),
    labels: stringMap.read(row.labels),
    createdAt: row.created_at,
    isImported: row.seed !== null,
    consentedAt: row.consented_at,
    lastProvenAt: row.last_proven_at,
    lastReadAt: row.last_read_at,
    linkEpoch: row.link_epoch,
  };
}

/**
 * One that is stored as active and lacks something is degraded by that. It is not its status that is stored, so that a refresh that
 * works, and knows nothing of it, does not end it. A live connection of a suspended client is suspended with it. Nothing of that is stored in it, so it ends with its cause. One
 * that is stored as suspended is held for a reason of its own, which the client's must not hide.
 */
function conditionOf(row: ConnectionRow): Pick<Connection, "status" | "diagnosis" | "statusSince"> {
  const status = statusColumn.parse(row.status);
  if (row.suspended_since !== null && isLive(status) && status !== "suspended") {
    const cause = causeColumn.parse(row.suspended_cause) ?? "client_secret_rejected";
    const diagnosis = { cause, confidence: "certain", evidence: { code: row.suspended_code } } as const;
    return { status: "suspended", diagnosis, statusSince: row.suspended_since };
  }
  const lack = status === "active" ? diagnosisOfLack(lackOf(row)) : null;
  if (lack) return { status: "degraded", diagnosis: lack, statusSince: row.status_since };
  const diagnosis = row.diagnosis === null ? null : diagnosisColumn.read(row.diagnosis);
  return { status, diagnosis, statusSince: row.status_since };
}

export function lackOf(row: Pick<ConnectionRow, "missing_scopes" | "claims">): Lack {
  return { missingScopes: stringList.read(row.missing_scopes), claims: row.claims };
}

export function tokenRecordOf(row: Omit<Selectable<Schema["token_sets"]>, "connection_id">): TokenRecord {
  return {
    generation: row.generation,
    sealedAccessToken: row.access_token,
    sealedRefreshToken: row.refresh_token,
    tokenType: row.token_type,
    scope: stringList.read(row.scope),
    answerFields: stringMap.read(row.answer_fields),
    obtainedAt: row.obtained_at,
    origin: originColumn.parse(row.origin),
    expiresAt: row.expires_at,
    refreshExpiresAt: row.refresh_expires_at,
    refreshTokenName: row.refresh_token_name,
    refreshTokenMarks: marksOf(row),
    rotatedAt: row.rotated_at,
    dpopKey: row.dpop_key,
  };
}

type MarkColumns = Pick<Selectable<Schema["token_sets"]>, "token_prefix_name" | "token_digest_name">;

function marksOf({ token_prefix_name: prefix, token_digest_name: digest }: MarkColumns): TokenMarks | null {
  return prefix === null || digest === null ? null : { prefix, digest };
}

export function tokenColumns(
  tokens: TokenRecord,
): Omit<Insertable<Schema["token_sets"]>, "connection_id"> & { answer_fields: string } {
  return {
    generation: tokens.generation,
    access_token: tokens.sealedAccessToken,
    refresh_token: tokens.sealedRefreshToken,
    token_type: tokens.tokenType,
    scope: stringList.write(tokens.scope),
    answer_fields: stringMap.write(tokens.answerFields),
    origin: tokens.origin,
    obtained_at: tokens.obtainedAt,
    expires_at: tokens.expiresAt,
    refresh_expires_at: tokens.refreshExpiresAt,
    refresh_token_name: tokens.refreshTokenName,
    token_prefix_name: tokens.refreshTokenMarks?.prefix ?? null,
    token_digest_name: tokens.refreshTokenMarks?.digest ?? null,
    rotated_at: tokens.rotatedAt,
    dpop_key: tokens.dpopKey,
  };
}

export function leaseOf(row: Selectable<Schema["refresh_leases"]>): RefreshLease {
  return {
    dueAt: row.due_at,
    backoffUntil: row.backoff_until,
    failures: row.failures,
    cause: causeColumn.parse(row.cause),
    epoch: row.epoch,
    owner: row.owner,
    leaseUntil: row.lease_until,
    attemptGeneration: row.attempt_generation,
    attemptAt: row.attempt_at,
    unanswered: row.unanswered,
    rejectedAt: row.rejected_at,
    notice: row.notice === null ? null : noticeColumn.read(row.notice),
  };
}

export function historyOf(row: Selectable<Schema["history"]>): HistoryEntry {
  const { id, at, generation } = row;
  return { id, at, generation, kind: kindColumn.parse(row.kind), detail: detailColumn.read(row.detail) };
}
