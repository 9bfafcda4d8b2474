import { sentence, whoActs, type Cause, type WhoActs } from "../connection/cause.ts";

/** What failures may have in common; docs/incidents.md says when each is opened. */
export const INCIDENT_KINDS = ["rejections", "client_suspended", "provider", "tenant", "key_unavailable"] as const;

export type IncidentKind = (typeof INCIDENT_KINDS)[number];

export const INCIDENT_STATES = ["open", "acknowledged", "resolved"] as const;

export type IncidentState = (typeof INCIDENT_STATES)[number];

/**
 * What rejections turned out to mean. `undecided`: nobody is asked to act yet. `bad_hour`: the provider accepts again what it
 * rejected. `meant`: it said so again.
 */
export const VERDICTS = ["undecided", "bad_hour", "meant"] as const;

export type Verdict = (typeof VERDICTS)[number];

/** Failures that belong together, as one thing to look at. */
export interface Incident {
  id: string;
  /** The tenant of all members; the first tenant, whose the operator is, when they are of several. */
  tenantId: string;
  kind: IncidentKind;
  /** Null where it is about no single one. */
  clientId: string | null;
  providerId: string | null;
  state: IncidentState;
  /** Null where nothing was rejected. */
  verdict: Verdict | null;
  /** The commonest among its members. */
  cause: Cause;
  evidence: IncidentEvidence;
  /** Connections that were ever in it, and those of them that are well again or disconnected. */
  affected: number;
  recovered: number;
  firstSeen: number;
  /** When the last connection joined it. */
  lastSeen: number;
  acknowledgedAt: number | null;
  /** The id of the API key or operator. */
  acknowledgedBy: string | null;
  resolvedAt: number | null;
}

export interface IncidentEvidence {
  /** The provider's error codes, and of how many members each is. */
  codes: Readonly<Record<string, number>>;
  causes: Readonly<Record<string, number>>;
  /** Refreshes of the same clients in the ten minutes before it was opened, these failures included. Null where none is counted. */
  attempts: number | null;
  /** Other incidents that were open then, by kind. */
  alsoOpen: Readonly<Record<string, number>>;
}

/** `held`: rejected and not believed yet. `tried`: ended, and tried once more since. */
export const MEMBER_CONDITIONS = ["held", "ended", "tried", "troubled"] as const;

export type MemberCondition = (typeof MEMBER_CONDITIONS)[number];

/** A connection in an incident. */
export interface Member {
  connectionId: string;
  /** What people call its account and its user; null where that is not known. */
  accountLabel: string | null;
  endUser: string | null;
  condition: MemberCondition;
  cause: Cause;
  /** The provider's; null when it gave none. */
  code: string | null;
  since: number;
  /** When it was well again or disconnected; null until then. */
  recoveredAt: number | null;
}

/** Who can help with the incident as a whole. */
export function actorIn({ kind, cause, verdict }: Pick<Incident, "kind" | "cause" | "verdict">): WhoActs {
  if (verdict === "undecided" || verdict === "bad_hour") return "nobody";
  return kind === "key_unavailable" ? "operator" : whoActs(cause);
}

/** What to do, in one or two sentences for the operator. */
export function suggestionFor(incident: Pick<Incident, "kind" | "cause" | "verdict">): string {
  const { kind, cause, verdict } = incident;
  if (verdict === "undecided") {
    return "Wait: it is being found out whether the provider means it, and nobody is asked to reconnect before that.";
  }
  if (verdict === "bad_hour") return "Nothing: the provider accepts again what it rejected, and connections recover.";
  return `${OPENINGS[kind]} ${sentence(cause)}`;
}

const OPENINGS: Readonly<Record<IncidentKind, string>> = {
  rejections: "Ask once for all of them, where somebody acted for all.",
  client_suspended: "Mend the client, and all its connections go on by themselves.",
  provider: "Look at the provider's status page before anything else.",
  tenant: "Speak to the customer's administrator before its users are asked one by one.",
  key_unavailable: "Mend the keys, and the connections go on by themselves.",
};
