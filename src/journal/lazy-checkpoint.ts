import { SECOND, type Clock } from "../runtime/clock.ts";
import { writeCheckpoint } from "./checkpoint.ts";
import { isBefore, START, type Position } from "./position.ts";

/** How long what was settled may wait to be noted. */
const LAZINESS = 5 * SECOND;

export interface LazyCheckpoint {
  /** The position may have moved on. */
  moved(): void;
  /** Writes what is not written yet; `stop` has to be aborted. */
  finish(): Promise<void>;
}

/** Keeps a folder's checkpoint near `position`. One that cannot be written does no harm: more is replayed. */
export function createLazyCheckpoint(deps: {
  folder: string;
  clock: Clock;
  position: () => Position;
  stop: AbortSignal;
}): LazyCheckpoint {
  const { folder, clock, position, stop } = deps;
  let written = START;
  let pending: Promise<void> | null = null;

  async function save(): Promise<void> {
    const next = position();
    if (!isBefore(written, next)) return;
    await writeCheckpoint(folder, next).then(
      () => (written = next),
      () => undefined,
    );
  }

  async function saveLater(): Promise<void> {
    do {
      await clock.sleep(LAZINESS, stop);
      await save();
    } while (isBefore(written, position()) && !stop.aborted);
    pending = null;
  }

  return {
    moved: () => void (pending ??= saveLater()),
    finish: async () => {
      await pending;
      await save();
    },
  };
}
