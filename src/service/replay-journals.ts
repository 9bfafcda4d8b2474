import type { JournalEntry } from "../connection/journal.ts";
import { readJournals, type ReadJournal } from "../journal/read-journals.ts";
import type { RefreshPorts } from "../refresh/ports.ts";
import { bringAllToStore, bringToStore, recoveryOf } from "../refresh/recover.ts";
import type { RestoreStore } from "../refresh/restores.ts";
import { surveyJournals, type JournalSurvey } from "./restore-guard-survey.ts";

export interface ReplayDeps extends Pick<RefreshPorts, "connections" | "random" | "observer"> {
  dataDir: string;
}

/** Brings to the store what earlier instances received and could not store any more; before anything is claimed (DESIGN §5.8). */
export async function replayJournals(deps: ReplayDeps & { instanceId: string }): Promise<void> {
  const { dataDir, instanceId, observer } = deps;
  for (const journal of await readJournals({ dataDir, except: instanceId, from: "unsettled" })) {
    for await (const item of journal.items()) {
      if (item.kind === "damage") {
        const { file, offset, problem } = item;
        observer.event("journal.damaged", { file, offset, problem });
      } else if (item.entry.kind === "tokens") {
        await bringToStore(deps, item.entry);
      }
    }
    await journal.markReplayed?.();
  }
}

export interface Replayed extends Pick<JournalSurvey, "damaged" | "filled"> {
  /** Connections that have a newer token set now. */
  raised: string[];
}

const AT_ONCE = 500;

export interface ReplayEverythingDeps extends ReplayDeps {
  restores: RestoreStore;
}

/** Brings to a database that went back the newest of what all instances received, also of what it had before. */
export async function replayEverything(deps: ReplayEverythingDeps): Promise<Replayed> {
  const { newest, damaged, filled } = await surveyJournals(deps.dataDir);
  const raised: string[] = [];
  for (const journal of await readJournals({ dataDir: deps.dataDir, from: "everything" })) {
    let some: JournalEntry[] = [];
    for await (const entry of newestIn(journal, newest)) {
      some.push(entry);
      if (some.length < AT_ONCE) continue;
      raised.push(...(await bring(deps, some)));
      some = [];
    }
    raised.push(...(await bring(deps, some)));
  }
  return { damaged, filled, raised };
}

async function* newestIn(journal: ReadJournal, newest: JournalSurvey["newest"]): AsyncGenerator<JournalEntry> {
  for await (const item of journal.items()) {
    if (item.kind !== "entry" || item.entry.kind !== "tokens") continue;
    const { connectionId, tokens } = item.entry;
    if (newest.get(connectionId)?.generation === tokens.generation) yield item.entry;
  }
}

/** Returns the connections whose newest token set is another one now. */
async function bring(deps: ReplayEverythingDeps, entries: readonly JournalEntry[]): Promise<string[]> {
  const first = new Map(entries.toReversed().map((entry) => [entry.connectionId, entry]));
  const raised = await deps.restores.raise([...first.values()].map((entry) => recoveryOf(deps, entry)));
  // What came too late to be the newest of its generation is kept.
  await bringAllToStore(deps, entries);
  return raised;
}
