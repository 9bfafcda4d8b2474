import type { Damage, ReadJournal } from "../../journal/read-journals.ts";

/** What is in the journal of one instance. Times are RFC 3339; null without entries. */
export interface Survey {
  instance: string;
  /** `gone` when its process provably ended. */
  owner: "gone" | "unknown";
  entries: number;
  /** Of these: token sets that are not known to be in the database. */
  unsettled: number;
  /** Of these: answers of a provider that could not be understood. */
  unreadable_answers: number;
  first_received_at: string | null;
  last_received_at: string | null;
  damage: Omit<Damage, "kind">[];
}

export async function surveyOf(journal: ReadJournal): Promise<Survey> {
  const { instanceId: instance, owner } = journal;
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const counts = { entries: 0, unsettled: 0, unreadable_answers: 0 };
  const damage: Survey["damage"] = [];
  for await (const item of journal.items()) {
    if (item.kind === "damage") {
      damage.push({ file: item.file, offset: item.offset, problem: item.problem });
      continue;
    }
    const { kind, receivedAt } = item.entry;
    counts.entries += 1;
    if (kind === "unreadable") counts.unreadable_answers += 1;
    else if (!item.settled) counts.unsettled += 1;
    [first, last] = [Math.min(first, receivedAt), Math.max(last, receivedAt)];
  }
  return { instance, owner, ...counts, first_received_at: timeOf(first), last_received_at: timeOf(last), damage };
}

function timeOf(milliseconds: number): string | null {
  return Number.isFinite(milliseconds) ? new Date(milliseconds).toISOString() : null;
}
