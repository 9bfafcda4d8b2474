import type { ClientMoves } from "../connect/ports.ts";
import { DAY } from "../runtime/clock.ts";
import { afterQuietHours, type QuietHours } from "./quiet-hours.ts";

/** Asks the users of some connections to sign in again: each once, then by reminders, until the connection is well. */
export interface Campaign extends CampaignPlan {
  id: string;
  tenantId: string;
  createdAt: number;
  /** When the last connection was well, or nobody was left to ask; null while it runs. */
  finishedAt: number | null;
  cancelledAt: number | null;
}

/** Whose users are asked: those of an incident, of a client, or of connections that are named. Only those who can help. */
export type CampaignTarget =
  | { kind: "incident"; incidentId: string }
  | { kind: "client"; clientId: string }
  /** All of a client that are not disconnected, however they are. */
  | { kind: "move"; clientId: string; toClientId: string }
  | { kind: "connections"; connectionIds: readonly string[] };

export interface CampaignPlan {
  incidentId: string | null;
  clientId: string | null;
  /** The client that they move to by their next consent; null where they stay with theirs. */
  toClientId: string | null;
  /** Milliseconds after the first time, ascending. */
  remindAfter: readonly number[];
  quietHours: QuietHours | null;
}

export type MemberOutcome = "recovered" | "disconnected" | "unanswered" | "cancelled";

/** How it goes, in connections. */
export interface CampaignReport {
  members: number;
  /** Were asked at least once. */
  asked: number;
  /** Requests to users, the reminders included. */
  requests: number;
  recovered: number;
  disconnected: number;
  unanswered: number;
}

export interface CampaignMember {
  connectionId: string;
  asked: number;
  lastAskedAt: number | null;
  /** Null when there is no further reminder. */
  nextAt: number | null;
  outcome: MemberOutcome | null;
}

/** After the last request, before a user counts as one who does not answer. */
export const ANSWER_TIME = 14 * DAY;

/** A connection whose user was asked so often, for the first time at `firstAskedAt`: when to ask again, or null for no more. */
export function nextAskAt(
  { remindAfter, quietHours }: Pick<CampaignPlan, "remindAfter" | "quietHours">,
  { asked, firstAskedAt }: { asked: number; firstAskedAt: number },
): number | null {
  const after = remindAfter[asked - 1];
  return after === undefined ? null : afterQuietHours(firstAskedAt + after, quietHours);
}

/** Of those that are not gone. Null while there is none. */
export function recoveryRate({ members, disconnected, recovered }: CampaignReport): number | null {
  const left = members - disconnected;
  return left === 0 ? null : recovered / left;
}

/** Whom a campaign would ask, if it was started now. */
export interface CampaignPreview {
  connections: number;
  /** Those of them whose application was told already, so that they are asked by the first reminder. */
  told: number;
}

export interface CampaignQuery {
  tenantId: string;
  /** Only those for this incident; null for all. */
  incidentId: string | null;
  limit: number;
  /** Only those before this id, newest first; null from the newest on. */
  before: string | null;
}

export interface CampaignStore extends ClientMoves {
  /**
   * Starts one with every connection of the target that is not well and whose user can help. Those that another running campaign
   * asks already stay with it; those whose application was told already have been asked once. Answers how many it has.
   */
  start(campaign: Omit<Campaign, "createdAt" | "finishedAt" | "cancelledAt">, target: CampaignTarget): Promise<number>;
  preview(tenantId: string, target: CampaignTarget): Promise<CampaignPreview>;
  find(id: string): Promise<Campaign | null>;
  list(query: CampaignQuery): Promise<Campaign[]>;
  report(id: string): Promise<CampaignReport>;
  members(id: string, page: { limit: number; after: string | null }): Promise<CampaignMember[]>;
  /** False when it was over already. */
  cancel(id: string): Promise<boolean>;
  /** Notes who is well or gone, and ends what has nobody left to wait for. Answers the campaigns that it ended. */
  settle(): Promise<string[]>;
  /**
   * Asks at most so many users whose turn it is, each by an event of the same transaction, so that nobody is asked twice for one
   * turn. Answers how many turns it has looked at.
   */
  ask(limit: number): Promise<number>;
}
