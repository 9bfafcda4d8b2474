import type { Stage } from "../../test/stage/stage.ts";

/** Waits for work that may wait for the service's time, which only a test moves. */
export async function whileTimePasses<Value>({ clock }: Pick<Stage, "clock">, work: Promise<Value>): Promise<Value> {
  const progress = { settled: false };
  const watched = work.finally(() => void (progress.settled = true));
  watched.catch(() => undefined);
  while (!progress.settled) await clock.advance(5);
  return watched;
}
