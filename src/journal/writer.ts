import type { Clock } from "../runtime/clock.ts";
import type { Observer } from "../runtime/observer.ts";
import type { ServiceError } from "../runtime/service-error.ts";
import { errnoOf, RETRY_AFTER, unavailable } from "./failure.ts";
import { createGroupCommit } from "./group-commit.ts";
import type { Position } from "./position.ts";
import type { Segments } from "./segments.ts";

/** Writes while the disk takes it; after a failure refuses until a try of its own goes well. */
export interface Writer {
  /** On disk when this resolves. Throws `journal_unavailable`. */
  append(bytes: Uint8Array): Promise<Position>;
  isWritable(): boolean;
  /** Resolves when what was appended is on disk, or refused. */
  idle(): Promise<void>;
  /** Resolves when it no longer tries, which is soon after `stop`. */
  stopped(): Promise<void>;
}

export interface WriterDeps {
  segments: Segments;
  folder: string;
  clock: Clock;
  observer: Observer;
  stop: AbortSignal;
}

export function createWriter({ segments, folder, clock, observer, stop }: WriterDeps): Writer {
  let failure: ServiceError | null = null;
  let recovery: Promise<void> = Promise.resolve();

  const commits = createGroupCommit(async (bytes) => {
    try {
      return await segments.append(bytes);
    } catch (error) {
      throw failed(error);
    }
  });

  function failed(error: unknown): ServiceError {
    observer.event("journal.failed", { code: errnoOf(error) });
    recovery = recover();
    return (failure = unavailable(folder, error));
  }

  async function recover(): Promise<void> {
    const failedAt = clock.monotonic();
    do {
      await clock.sleep(RETRY_AFTER, stop);
      if (stop.aborted) return;
    } while (!(await canBegin()));
    failure = null;
    observer.event("journal.recovered", { durationMs: clock.monotonic() - failedAt });
  }

  async function canBegin(): Promise<boolean> {
    try {
      await segments.append(new Uint8Array());
      return true;
    } catch (error) {
      // What is wrong may change: permissions were repaired, and now the disk is full.
      failure = unavailable(folder, error);
      return false;
    }
  }

  return {
    append: async (bytes) => {
      if (failure !== null) throw failure;
      return commits.add(bytes);
    },
    isWritable: () => failure === null,
    idle: () => commits.idle(),
    stopped: () => recovery,
  };
}
