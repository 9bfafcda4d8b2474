import type { Insertable, Selectable } from "kysely";
import { z } from "zod";
import { CAUSES } from "../connection/cause.ts";
import {
  INCIDENT_KINDS,
  INCIDENT_STATES,
  MEMBER_CONDITIONS,
  VERDICTS,
  type Incident,
  type IncidentEvidence,
  type Member,
} from "../incident/incident.ts";
import { jsonColumn } from "./json-column.ts";
import type { Schema } from "./schema.ts";

const counts = z.record(z.string(), z.number());
export const evidenceColumn = jsonColumn<IncidentEvidence>(
  z.object({ codes: counts, causes: counts, attempts: z.number().nullable(), alsoOpen: counts }),
);
export const causeColumn = z.enum(CAUSES);
export const incidentKindColumn = z.enum(INCIDENT_KINDS);
export const conditionColumn = z.enum(MEMBER_CONDITIONS);
const stateColumn = z.enum(INCIDENT_STATES);
const verdictColumn = z.enum(VERDICTS).nullable();

export type IncidentRow = Selectable<Schema["incidents"]>;
export type MemberRow = Selectable<Schema["incident_members"]>;
export type NewMember = Insertable<Schema["incident_members"]>;

export function incidentOf(row: IncidentRow): Incident {
  return {
    id: row.id,
    tenantId: row.tenant_id,
    kind: incidentKindColumn.parse(row.kind),
    clientId: row.client_id,
    providerId: row.provider_id,
    state: stateColumn.parse(row.state),
    verdict: verdictColumn.parse(row.verdict),
    cause: causeColumn.parse(row.cause),
    evidence: evidenceColumn.read(row.evidence),
    affected: row.affected,
    recovered: row.recovered,
    firstSeen: row.first_seen,
    lastSeen: row.last_seen,
    acknowledgedAt: row.acknowledged_at,
    acknowledgedBy: row.acknowledged_by,
    resolvedAt: row.resolved_at,
  };
}

type MemberName = Record<"account_label" | "end_user", string | null>;

export function memberOf(row: MemberRow & MemberName): Member {
  return {
    connectionId: row.connection_id,
    accountLabel: row.account_label,
    endUser: row.end_user,
    condition: conditionColumn.parse(row.condition),
    cause: causeColumn.parse(row.cause),
    code: row.code,
    since: row.since,
    recoveredAt: row.recovered_at,
  };
}
