import { KEPT } from "../../journal/retention.ts";
import { newestSince, type Seen } from "../../refresh/restore-evidence.ts";
import type { Knowledge, Past } from "../../refresh/restores.ts";
import { surveyJournals, type JournalSurvey } from "../../service/restore-guard-survey.ts";
import type { Database } from "../../store/database.ts";
import { doubtful, windowOf } from "../../store/restore-hold.ts";

/** What the next start is going to do about the connections of a restored database. */
export interface Forecast {
  /** Connections of which the journal at hand has a newer token set. */
  replayed: number;
  /** Connections that wait for an operator's decision. */
  held: number;
}

export interface ForecastDeps {
  database: Database;
  staticProviders: readonly string[];
  dataDir: string;
  seen: Seen | null;
  past: Past;
}

export async function forecast({ database, dataDir, ...deps }: ForecastDeps): Promise<Forecast> {
  const survey = await surveyJournals(dataDir);
  const knowledge = { ...deps, newestSince: newestSince(deps.seen, deps.past, survey, KEPT) };
  const total = { replayed: 0, held: 0 };
  for (let after: string | null = ""; after !== null;) {
    const from: string = after;
    const window = await look(database, from, { survey, knowledge });
    total.replayed += window.replayed;
    total.held += window.held;
    after = window.last;
  }
  return total;
}

function look(
  database: Database,
  after: string,
  { survey, knowledge }: { survey: JournalSurvey; knowledge: Knowledge },
): Promise<Forecast & { last: string | null }> {
  return database.read(async (queries) => {
    const ids = await windowOf(queries, after);
    if (ids.length === 0) return { replayed: 0, held: 0, last: null };
    const stored = await queries
      .selectFrom("token_sets")
      .select(["connection_id", "generation"])
      .where("connection_id", "in", ids)
      .execute();
    const raised = new Set(
      stored
        .filter(({ connection_id: id, generation }) => (survey.newest.get(id)?.generation ?? 0) > generation)
        .map(({ connection_id: id }) => id),
    );
    const held = (await doubtful(queries, ids, knowledge)).filter((id) => !(raised.has(id) && isKnown(id)));
    return { replayed: raised.size, held: held.length, last: ids.at(-1) ?? null };
  });

  function isKnown(id: string): boolean {
    const { newestSince: since } = knowledge;
    return since !== null && (survey.newest.get(id)?.obtainedAt ?? 0) >= since;
  }
}
