import { readJournals } from "../journal/read-journals.ts";

/** What all journals of a data directory hold. */
export interface JournalSurvey {
  /** The newest token set of each connection. */
  newest: ReadonlyMap<string, { generation: number; obtainedAt: number }>;
  /** Something in them cannot be read. */
  damaged: boolean;
  /** The instances that have entries. */
  filled: string[];
}

export async function surveyJournals(dataDir: string): Promise<JournalSurvey> {
  const newest = new Map<string, { generation: number; obtainedAt: number }>();
  const filled = new Set<string>();
  let damaged = false;
  for (const journal of await readJournals({ dataDir, from: "everything" })) {
    for await (const item of journal.items()) {
      if (item.kind === "damage") {
        damaged = true;
        continue;
      }
      filled.add(journal.instanceId);
      if (item.entry.kind !== "tokens") continue;
      const { connectionId, tokens } = item.entry;
      const { generation, obtainedAt } = tokens;
      if ((newest.get(connectionId)?.generation ?? 0) < generation)
        newest.set(connectionId, { generation, obtainedAt });
    }
  }
  return { newest, damaged, filled: [...filled] };
}
