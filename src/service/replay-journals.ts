import type { JournalEntry } from "../connection/journal.ts";
import { readJournals, type JournalItem, type ReadJournal } from "../journal/read-journals.ts";
import { bringBack, type BringBackPorts } from "../refresh/bring-back.ts";
import type { Past, RestoreStore } from "../refresh/restores.ts";
import { surveyJournals, type JournalSurvey } from "./restore-guard-survey.ts";

export interface ReplayDeps extends BringBackPorts {
  dataDir: string;
}

export interface Replay extends Pick<JournalSurvey, "damaged" | "filled"> {
  /** Connections that have a newer token set now. */
  raised: string[];
}

/** Brings to the store what earlier instances received and could not store any more; before anything is claimed (DESIGN §5.8). */
export async function replayUnsettled(
  deps: ReplayDeps & { instanceId: string; restores: RestoreStore },
): Promise<void> {
  const { dataDir, instanceId: except, restores } = deps;
  const past = (await restores.past()) ?? { restore: null, clonedAt: null };
  for (const journal of await readJournals({ dataDir, except, from: "unsettled" })) {
    for await (const { entry } of tokensIn(deps, journal)) await bringBack(deps, entry, past);
    await journal.markReplayed?.();
  }
}

/** Brings to a database that went back the newest of what all instances received, also of what it had before. */
export async function replayEverything(deps: ReplayDeps & { past: Past }): Promise<Replay> {
  const { dataDir, past } = deps;
  const { newest, damaged, filled } = await surveyJournals(dataDir);
  const raised: string[] = [];
  for (const journal of await readJournals({ dataDir, from: "everything" })) {
    for await (const { entry } of tokensIn(deps, journal)) {
      if (newest.get(entry.connectionId)?.generation !== entry.tokens.generation) continue;
      if ((await bringBack(deps, entry, past)) === "recovered") raised.push(entry.connectionId);
    }
  }
  return { damaged, filled, raised };
}

/** The token sets in a journal; what cannot be read is reported. */
async function* tokensIn({ observer }: Pick<ReplayDeps, "observer">, journal: ReadJournal) {
  for await (const item of journal.items()) {
    if (item.kind === "damage") {
      const { file, offset, problem } = item;
      observer.event("journal.damaged", { file, offset, problem });
    } else if (isTokens(item)) {
      yield item;
    }
  }
}

function isTokens(item: JournalItem): item is JournalItem & { kind: "entry"; entry: JournalEntry } {
  return item.kind === "entry" && item.entry.kind === "tokens";
}
