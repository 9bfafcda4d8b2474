import { DAY, HOUR, type Clock } from "../runtime/clock.ts";
import type { Observer } from "../runtime/observer.ts";
import { codeOf } from "../runtime/service-error.ts";
import type { AuditStore } from "./audit.ts";

/** Signs each chain of acts once a day, when it has grown, and tells the log, where whoever changes the database cannot reach. */
export interface CheckpointKeeping {
  start(): void;
  stop(): Promise<void>;
}

export interface CheckpointDeps {
  audit: Pick<AuditStore, "makeCheckpoints">;
  clock: Clock;
  observer: Observer;
}

const INTERVAL = HOUR;

export function keepCheckpoints({ audit, clock, observer }: CheckpointDeps): CheckpointKeeping {
  const stopping = new AbortController();
  let running: Promise<void> = Promise.resolve();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await makeAll().catch((error: unknown) => observer.event("store.failed", { code: codeOf(error) }));
      await clock.sleep(INTERVAL, stopping.signal);
    }
  }

  async function makeAll(): Promise<void> {
    for (const { tenantId, seq, hash } of await audit.makeCheckpoints(DAY)) {
      observer.event("audit.checkpoint", { tenantId, seq, hash });
    }
  }

  return {
    start: () => {
      running = run();
    },
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
