import type { Turn } from "../incident/decide.ts";
import type { Failure } from "../incident/group.ts";
import type { Queries } from "./database.ts";
import type { Heard } from "./incident-hearsay.ts";
import { conditionColumn, type NewMember } from "./incident-row.ts";
import { egNow } from "./now.ts";

/** What was heard of a connection in an incident, and how it was before. */
export interface MemberTurn extends Turn {
  incidentId: string;
  connectionId: string;
  scope: string;
  /** What is wrong with it now; null where it is well, or what is wrong is of no weight here. */
  failure: Failure | null;
  isSameToken: boolean;
}

/** Members of open incidents become what is heard of them. */
export async function updateMembers(queries: Queries, heard: readonly Heard[]): Promise<MemberTurn[]> {
  if (heard.length === 0) return [];
  const byId = new Map(heard.map((each) => [each.connectionId, each]));
  const members = await queries
    .selectFrom("incident_members")
    .innerJoin("incidents", "incidents.id", "incident_members.incident_id")
    .selectAll("incident_members")
    .select("scope")
    .where("resolved_at", "is", null)
    .where("connection_id", "in", [...byId.keys()])
    .execute();
  const turns = members.flatMap((member): MemberTurn[] => {
    const about = byId.get(member.connection_id);
    const condition = conditionColumn.parse(member.condition);
    const was = member.recovered_at === null ? condition : "well";
    if (!about) return [];
    const place = { incidentId: member.incident_id, connectionId: member.connection_id, scope: member.scope };
    // Nothing is known of one that waits for its turn.
    const isOther = about.condition === "troubled" && condition !== "troubled";
    const is = isOther ? was : about.condition;
    const { byConsent, generation } = about;
    const isSameToken = generation === member.generation;
    const failure = isOther ? null : about.failure;
    return [{ ...place, was, is, byConsent, isNext: generation === member.generation + 1, isSameToken, failure }];
  });
  for (const { incidentId, connectionId, is } of turns) {
    if (is !== "well" && is !== "gone") continue;
    await queries
      .updateTable("incident_members")
      .set({ recovered_at: egNow })
      .where("incident_id", "=", incidentId)
      .where("connection_id", "=", connectionId)
      .where("recovered_at", "is", null)
      .execute();
  }
  for (const { incidentId, connectionId, was, is, failure, isSameToken } of turns) {
    if (!failure) continue;
    const news = { ...(was !== is && { since: failure.at }), ...(!isSameToken && { reprieved_at: null }) };
    await queries
      .updateTable("incident_members")
      .set({ ...memberColumns(failure), recovered_at: null, ...news })
      .where("incident_id", "=", incidentId)
      .where("connection_id", "=", connectionId)
      .execute();
  }
  return turns;
}

/** What the store keeps of a failure in an incident. */
export function memberColumns({ condition, generation, cause, code, confidence }: Failure) {
  return { condition, generation, cause, code, doubted: confidence === "certain" ? 0 : 1 } satisfies Partial<NewMember>;
}
