import { DAY, HOUR } from "../runtime/clock.ts";
import { createRounds, type Rounds, type RoundsDeps } from "../runtime/rounds.ts";
import type { AuditStore } from "./audit.ts";

export interface CheckpointDeps extends RoundsDeps {
  audit: Pick<AuditStore, "makeCheckpoints">;
}

const INTERVAL = HOUR;

/** Signs each chain of acts once a day, when it has grown, and tells the log, where whoever changes the database cannot reach. */
export function keepCheckpoints(deps: CheckpointDeps): Rounds {
  return createRounds(deps, INTERVAL, async () => {
    for (const { tenantId, seq, hash } of await deps.audit.makeCheckpoints(DAY)) {
      deps.observer.event("audit.checkpoint", { tenantId, seq, hash });
    }
  });
}
