import { z } from "zod";
import { CAUSES, WHO_ACTS } from "../connection/cause.ts";
import {
  actorIn,
  INCIDENT_KINDS,
  INCIDENT_STATES,
  MEMBER_CONDITIONS,
  suggestionFor,
  VERDICTS,
  type Incident,
  type Member,
} from "../incident/incident.ts";
import { time, toTime, toTimeOrNull } from "./wire.ts";

const counts = z.record(z.string(), z.int());

export const incidentSchema = z
  .object({
    id: z.string(),
    tenant: z.string().describe("The tenant of all connections in it; `default` when they are of several"),
    kind: z.enum(INCIDENT_KINDS),
    client: z.string().nullable(),
    provider: z.string().nullable(),
    state: z.enum(INCIDENT_STATES),
    verdict: z
      .enum(VERDICTS)
      .nullable()
      .describe("What the rejections turned out to mean; nobody is asked to reconnect while it is `undecided`"),
    cause: z.enum(CAUSES).describe("The commonest among its connections"),
    who_acts: z.enum(WHO_ACTS),
    suggestion: z.string(),
    evidence: z.object({
      codes: counts.describe("The provider's error codes, and of how many connections each is"),
      causes: counts,
      attempts: z.int().nullable().describe("Refreshes of the same clients in the ten minutes before, these included"),
      also_open: counts.describe("Other incidents that were open then, by kind"),
    }),
    affected: z.int().describe("Connections that were ever in it"),
    recovered: z.int().describe("Those of them that are well again, or disconnected"),
    first_seen: time,
    last_seen: time.describe("When the last connection joined it"),
    acknowledged_at: time.nullable(),
    acknowledged_by: z.string().nullable(),
    resolved_at: time.nullable(),
  })
  .meta({ id: "Incident" });

export const memberSchema = z
  .object({
    connection: z.string(),
    account_label: z.string().nullable(),
    end_user: z.string().nullable(),
    condition: z.enum(MEMBER_CONDITIONS),
    cause: z.enum(CAUSES),
    code: z.string().nullable(),
    since: time,
    recovered_at: time.nullable(),
  })
  .meta({ id: "IncidentMember" });

export function incidentView(incident: Incident): z.infer<typeof incidentSchema> {
  const { evidence } = incident;
  return {
    id: incident.id,
    tenant: incident.tenantId,
    kind: incident.kind,
    client: incident.clientId,
    provider: incident.providerId,
    state: incident.state,
    verdict: incident.verdict,
    cause: incident.cause,
    who_acts: actorIn(incident),
    suggestion: suggestionFor(incident),
    evidence: {
      codes: { ...evidence.codes },
      causes: { ...evidence.causes },
      attempts: evidence.attempts,
      also_open: { ...evidence.alsoOpen },
    },
    affected: incident.affected,
    recovered: incident.recovered,
    first_seen: toTime(incident.firstSeen),
    last_seen: toTime(incident.lastSeen),
    acknowledged_at: toTimeOrNull(incident.acknowledgedAt),
    acknowledged_by: incident.acknowledgedBy,
    resolved_at: toTimeOrNull(incident.resolvedAt),
  };
}

export function memberView(member: Member) {
  return {
    connection: member.connectionId,
    account_label: member.accountLabel,
    end_user: member.endUser,
    condition: member.condition,
    cause: member.cause,
    code: member.code,
    since: toTime(member.since),
    recovered_at: toTimeOrNull(member.recoveredAt),
  } satisfies z.infer<typeof memberSchema>;
}
