import { z } from "zod";
import { actorOf, sentence, sentenceForUser, WHO_ACTS } from "../connection/cause.ts";
import type { Connection } from "../connection/connection.ts";
import type { HistoryEntry } from "../connection/history.ts";
import type { Snapshot } from "../connection/store.ts";
import { time, toTime, toTimeOrNull } from "./wire.ts";

export const statusSchema = z.enum(["active", "degraded", "suspended", "reauthorization_required", "disconnected"]);

export const policySchema = z.enum(["adaptive", "eager", "on_demand"]);

const facts = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));

const diagnosisSchema = z.object({
  cause: z.string(),
  confidence: z.enum(["certain", "likely", "possible"]),
  who_acts: z.enum(WHO_ACTS),
  sentence: z.string().describe("For the operator"),
  user_sentence: z.string().nullable().describe("For the account's user; null where it is none of their concern"),
  evidence: facts,
});

export const connectionSchema = z
  .object({
    id: z.string(),
    client: z.string(),
    provider: z.string(),
    status: statusSchema,
    diagnosis: diagnosisSchema.nullable(),
    end_user: z.string().nullable(),
    account: z.object({ id: z.string(), label: z.string().nullable() }).nullable(),
    requested_scopes: z.array(z.string()),
    granted_scopes: z.array(z.string()),
    required_scopes: z.array(z.string()).describe("What it needs, beside what its client requires"),
    missing_scopes: z.array(z.string()).describe("What is needed, or was granted before, and is not granted now"),
    policy: policySchema.describe("When it is refreshed: ahead of need, only when read, or by whether it is in use"),
    labels: z.record(z.string(), z.string()),
    status_since: time,
    created_at: time,
    consented_at: time.nullable(),
    last_proven_at: time.nullable(),
    last_read_at: time.nullable().describe("When its access token was last read, to the hour"),
  })
  .meta({ id: "Connection" });

/** A connection with the times of its token set. */
export const connectionDetailSchema = connectionSchema
  .extend({
    generation: z.int(),
    obtained_at: time.describe("When the tokens of this generation were obtained"),
    access_token_expires_at: time.nullable(),
    refresh_expires_at: time
      .nullable()
      .describe("When the refresh token ends if it is not used; null when that is not known"),
    consent_ends_at: time
      .nullable()
      .describe("When the consent ends, however often it is refreshed; null when it is not known to end"),
    next_refresh_at: time.nullable(),
    reauthorization_url: z
      .string()
      .nullable()
      .describe("Where its user signs in to end what is wrong; null while no user needs to"),
    failures: z.int().describe("Refresh attempts since the last success"),
  })
  .meta({ id: "ConnectionDetail" });

export const historySchema = z
  .object({ id: z.int(), at: time, kind: z.string(), generation: z.int(), detail: facts })
  .meta({ id: "HistoryEntry" });

export function connectionView(connection: Connection): z.infer<typeof connectionSchema> {
  const { diagnosis } = connection;
  return {
    id: connection.id,
    client: connection.clientId,
    provider: connection.providerId,
    status: connection.status,
    diagnosis: diagnosis && {
      cause: diagnosis.cause,
      confidence: diagnosis.confidence,
      who_acts: actorOf(diagnosis),
      sentence: sentence(diagnosis.cause),
      user_sentence: sentenceForUser(diagnosis.cause),
      evidence: { ...diagnosis.evidence },
    },
    end_user: connection.endUser,
    account: connection.account,
    requested_scopes: connection.requestedScopes,
    granted_scopes: connection.grantedScopes,
    required_scopes: connection.requiredScopes,
    missing_scopes: connection.missingScopes,
    policy: connection.policy,
    labels: connection.labels,
    status_since: toTime(connection.statusSince),
    created_at: toTime(connection.createdAt),
    consented_at: toTimeOrNull(connection.consentedAt),
    last_proven_at: toTimeOrNull(connection.lastProvenAt),
    last_read_at: toTimeOrNull(connection.lastReadAt),
  };
}

export interface ConnectionEnds {
  refreshTokenEnd: number | null;
  consentEnd: number | null;
}

export function connectionDetailView(
  { connection, tokens, lease }: Snapshot,
  ends: ConnectionEnds,
  reauthorizationUrl: string | null,
): z.infer<typeof connectionDetailSchema> {
  return {
    ...connectionView(connection),
    generation: tokens.generation,
    obtained_at: toTime(tokens.obtainedAt),
    access_token_expires_at: toTimeOrNull(tokens.expiresAt),
    refresh_expires_at: toTimeOrNull(ends.refreshTokenEnd),
    consent_ends_at: toTimeOrNull(ends.consentEnd),
    next_refresh_at: toTimeOrNull(lease.dueAt),
    reauthorization_url: reauthorizationUrl,
    failures: lease.failures,
  };
}

export function historyView({ id, at, kind, generation, detail }: HistoryEntry): z.infer<typeof historySchema> {
  return { id, at: toTime(at), kind, generation, detail: { ...detail } };
}
