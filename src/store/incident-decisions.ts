import { sql } from "kysely";
import { lessonOf, nextStep, TRIED_WITHIN } from "../incident/decide.ts";
import { holdOf } from "../event/event.ts";
import type { Verdict } from "../incident/incident.ts";
import type { Look } from "../incident/store.ts";
import type { Queries } from "./database.ts";
import type { MemberTurn } from "./incident-members.ts";
import { ENDED, UNWELL } from "./outbox.ts";
import { egNow } from "./now.ts";

type Decided = Look["decided"][number];

/** Decides what is not decided by what its members have shown. One good answer says more than any rejection. */
export async function learn(queries: Queries, turns: readonly MemberTurn[]): Promise<Decided[]> {
  const lessons = new Map<string, Exclude<Verdict, "undecided">>();
  for (const turn of turns) {
    const lesson = lessonOf(turn);
    if (lesson && lessons.get(turn.incidentId) !== "bad_hour") lessons.set(turn.incidentId, lesson);
  }
  const decided: Decided[] = [];
  for (const [id, verdict] of lessons) if (await settle(queries, id, verdict)) decided.push({ id, verdict });
  return decided;
}

/** Looks whether it is time to find out about incidents of which no member has shown anything. */
export async function decide(queries: Queries, now: number): Promise<Decided[]> {
  const decided: Decided[] = [];
  const undecided = await queries
    .selectFrom("incidents")
    .select(["id", "opened_at", "tried_at"])
    .where("resolved_at", "is", null)
    .where("verdict", "=", "undecided")
    .execute();
  for (const { id, opened_at: openedAt, tried_at: triedAt } of undecided) {
    const step = nextStep({ ...(await standing(queries, id)), openedAt, now });
    if (step === "believe" && (await settle(queries, id, "meant"))) decided.push({ id, verdict: "meant" });
    if (step !== "try_one" || triedAt !== null) continue;
    await queries.updateTable("incidents").set({ tried_at: egNow }).where("id", "=", id).execute();
  }
  return decided;
}

async function standing(queries: Queries, id: string) {
  const { held, tried, mayBeTried, lastEndedAt } = await queries
    .selectFrom("incident_members")
    .select((select) => {
      const count = select.fn.count<number>("connection_id");
      return [
        count.filterWhere("condition", "=", "held").as("held"),
        count.filterWhere("condition", "=", "tried").as("tried"),
        count
          .filterWhere((where) =>
            where.and([where("condition", "=", "ended"), where("doubted", "=", 1), where("reprieved_at", "is", null)]),
          )
          .as("mayBeTried"),
        select.fn.max<number | null>("since").as("lastEndedAt"),
      ];
    })
    .where("incident_id", "=", id)
    .where("recovered_at", "is", null)
    .executeTakeFirstOrThrow();
  return { held, tried, mayBeTried, lastEndedAt: lastEndedAt ?? 0 };
}

/**
 * Ends that were kept back are told now where they were meant, and what is held as yet ends too before it is told that it is
 * degraded; after a bad hour all of it has time to become untrue.
 */
async function settle(queries: Queries, id: string, verdict: Exclude<Verdict, "undecided">): Promise<boolean> {
  const { numUpdatedRows } = await queries
    .updateTable("incidents")
    .set({ verdict, decided_at: egNow })
    .where("id", "=", id)
    .where("verdict", "=", "undecided")
    .executeTakeFirstOrThrow();
  if (numUpdatedRows === 0n) return false;
  const isMeant = verdict === "meant";
  await queries
    .updateTable("outbox")
    .set({
      held_until: isMeant
        ? sql<number>`at + ${sql.lit(holdOf(ENDED))}`
        : sql<number>`eg_now() + ${sql.lit(TRIED_WITHIN)}`,
    })
    .where("incident_id", "=", id)
    .where("type", "in", isMeant ? [ENDED] : UNWELL)
    .where("passed_on_at", "is", null)
    .where("held_until", ">", egNow)
    .execute();
  return true;
}
