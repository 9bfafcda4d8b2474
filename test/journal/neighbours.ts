import type { Journaled } from "../../src/connection/journal.ts";
import type { Machine } from "../../src/journal/owner.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import type { createJournalStage } from "./journal-stage.ts";

export type Stage = ReturnType<typeof createJournalStage>;

/** This process is 10; others live as told. */
export function machine(living: readonly number[] = [], change: Partial<Machine> = {}): Machine {
  return { host: "here", pid: 10, isAlive: (pid) => living.includes(pid), ...change };
}

/** Another process, 20, that appends these and is not heard of any more: time stands still for it. */
export async function leave(
  { clock, open }: Stage,
  instanceId: string,
  entries: readonly Journaled[],
  pid = 20,
): Promise<void> {
  const still = createManualClock(clock.now());
  const journal = await open(instanceId, { clock: still, machine: machine([], { pid }) });
  for (const entry of entries) await journal.append(entry);
}
