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
  const turns = members.flatMap((member) => {
    const about = byId.get(member.connection_id);
    const was = conditionColumn.parse(member.condition);
    if (!about) return [];
    const place = { incidentId: member.incident_id, connectionId: member.connection_id, scope: member.scope };
    // Nothing is known of one that waits for its turn.
    const is = about.condition === "troubled" ? was : about.condition;
    return [
      { ...place, was, is, byConsent: about.byConsent, isNext: about.generation === member.generation + 1, about },
    ];
  });
  const recovered = turns.filter(({ is }) => is === "well" || is === "gone");
  const failing = turns.flatMap(({ about: { failure }, ...turn }) =>
    failure && turn.is !== "well" ? [{ ...turn, failure }] : [],
  );
  for (const { incidentId, connectionId } of recovered) {
    await queries
      .updateTable("incident_members")
      .set({ recovered_at: egNow })
      .where("incident_id", "=", incidentId)
      .where("connection_id", "=", connectionId)
      .where("recovered_at", "is", null)
      .execute();
  }
  for (const { incidentId, connectionId, was, is, failure } of failing) {
    await queries
      .updateTable("incident_members")
      .set({ ...memberColumns(failure), condition: is, recovered_at: null, ...(was !== is && { since: failure.at }) })
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
