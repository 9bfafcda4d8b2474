import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import type { Journaled } from "../../src/connection/journal.ts";
import { DAY, type Clock } from "../../src/runtime/clock.ts";
import { openJournal, type JournalOptions, type OpenJournal } from "../../src/journal/journal.ts";
import type { Machine } from "../../src/journal/owner.ts";
import { readFolder, type Damage } from "../../src/journal/read-folder.ts";
import { START, type Position } from "../../src/journal/position.ts";
import { createCollectingObserver } from "../stage/collecting-observer.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { createFaultyDisk } from "./faulty-disk.ts";

/** How often a journal that failed tries again. */
export const RETRY = 5_000;

/** How to wait for a real disk, for `expect.poll`. */
export const PATIENTLY = { interval: 1, timeout: 10_000 };

/** Process 1 on host `here`, next to whom nobody lives. */
export const MACHINE: Machine = { host: "here", pid: 1, isAlive: () => false };

/** A data directory on a disk that fails on request, in time that stands still. */
export function createJournalStage() {
  const dataDir = temporaryFolder();
  const clock = createManualClock();
  const sleeping = createSleepCounter(clock);
  const observer = createCollectingObserver();
  const disk = createFaultyDisk();
  const opened = new Set<OpenJournal>();
  onTestFinished(async () => {
    disk.heal();
    disk.release();
    await Promise.all([...opened].map((journal) => journal.close()));
  });
  const lookedAround = async (): Promise<void> => {
    await expect.poll(() => sleeping.begun(DAY), PATIENTLY).toBeGreaterThan(0);
  };
  return {
    dataDir,
    clock,
    observer,
    disk,
    folder: (instanceId: string) => join(dataDir, "journal", instanceId),
    /** Opens the journal of an instance, which is closed with the test at the latest. */
    open: async (instanceId = "ins_1", change: Partial<JournalOptions> = {}): Promise<OpenJournal> => {
      const deps = { dataDir, instanceId, clock: sleeping.clock, observer, machine: MACHINE, open: disk.open };
      const journal = await openJournal({ ...deps, ...change });
      opened.add(journal);
      return journal;
    },
    /** Lets a journal that failed try again; true when the disk took it. */
    retry: async (journal: OpenJournal): Promise<boolean> => {
      const before = sleeping.begun(RETRY);
      await clock.advance(RETRY);
      await expect.poll(() => journal.isWritable() || sleeping.begun(RETRY) > before, PATIENTLY).toBe(true);
      return journal.isWritable();
    },
    /** How often somebody went to sleep for so long. */
    slept: sleeping.begun,
    /** When the one journal that is open in this time has done what it does at its start. */
    lookedAround,
    /** Lets the one journal that is open in this time do what it does every day. */
    nextDay: async (): Promise<void> => {
      await lookedAround();
      const before = sleeping.begun(DAY);
      await clock.advance(DAY);
      await expect.poll(() => sleeping.begun(DAY), PATIENTLY).toBe(before + 1);
    },
  };
}

/** How often somebody went to sleep for so long. */
function createSleepCounter(clock: Clock) {
  const counts = new Map<number, number>();
  const begun = (milliseconds: number): number => counts.get(milliseconds) ?? 0;
  const counting: Clock = {
    ...clock,
    sleep: (milliseconds, signal) => {
      counts.set(milliseconds, begun(milliseconds) + 1);
      return clock.sleep(milliseconds, signal);
    },
  };
  return { clock: counting, begun };
}

/** All that is in a folder, from a position on. */
export async function contentOf(
  folder: string,
  from: Position = START,
): Promise<{ entries: Journaled[]; damage: Damage[] }> {
  const entries: Journaled[] = [];
  const damage: Damage[] = [];
  for await (const item of readFolder(folder, { from })) {
    if (item.kind === "entry") entries.push(item.entry);
    else damage.push(item);
  }
  return { entries, damage };
}

/** Lets everything happen that can happen by itself. */
export async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Whether a promise is settled once everything has happened that can happen by itself. */
export async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const note = (): void => void (settled = true);
  promise.then(note, note);
  await someTurns();
  return settled;
}
