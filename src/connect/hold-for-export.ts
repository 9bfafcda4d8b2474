import { SECOND, type Clock } from "../runtime/clock.ts";
import type { Snapshot } from "../connection/store.ts";
import type { Export, ExportStore } from "./export.ts";

/** Longer than a refresh takes. */
const PATIENCE = 40 * SECOND;
const LOOKED_EVERY = SECOND / 4;
/** In one transaction: few enough that nobody waits long for it. */
const AT_ONCE = 200;

/**
 * Holds what is exported, and waits for refreshes that are under way, so that what is given away is the newest. May be repeated: what
 * is held stays so.
 */
export async function holdForExport(
  { exports, clock }: { exports: Pick<ExportStore, "hold">; clock: Clock },
  { id, connectionIds }: Pick<Export, "id" | "connectionIds">,
): Promise<void> {
  const until = clock.monotonic() + PATIENCE;
  for (let open = connectionIds; open.length > 0 && clock.monotonic() < until;) {
    const busy: string[] = [];
    for (let at = 0; at < open.length; at += AT_ONCE)
      busy.push(...(await exports.hold(id, open.slice(at, at + AT_ONCE))));
    open = busy;
    if (busy.length > 0) await clock.sleep(LOOKED_EVERY);
  }
}

/** Is it held for this very export? Another may have taken it, or it has ended since. */
export function isHeldForExport({ connection }: Pick<Snapshot, "connection">, exportId: string): boolean {
  const { diagnosis, status } = connection;
  return status === "suspended" && diagnosis?.cause === "moved_out" && diagnosis.evidence["export"] === exportId;
}
