import type { NewHistoryEntry } from "../connection/history.ts";

export function entry(
  kind: NewHistoryEntry["kind"],
  generation: number,
  detail: NewHistoryEntry["detail"],
): NewHistoryEntry {
  return { kind, generation, detail };
}
