import type { LogEntry } from "./claim-log.ts";
import { grouped } from "./grouped.ts";
import type { Life } from "./life.ts";

/** What the kills interrupted, and how long it took until somebody had finished it. */
export interface Recovery {
  /** Kills of a process that had claimed a connection and not yet stored what came of it. */
  killsInMidExchange: number;
  /** Milliseconds from the kill to the next token set, ascending; without connections that were lost. */
  recoveredAfter: number[];
}

export function recoveryOf(log: readonly LogEntry[], lives: readonly Life[]): Recovery {
  const kills = new Map(lives.map(({ instanceId, killedAt }) => [instanceId, killedAt]));
  const killsInMidExchange = new Set<string>();
  const recoveredAfter: number[] = [];
  for (const entries of grouped(log, ({ connectionId }) => connectionId).values()) {
    for (const [index, { owner }] of entries.entries()) {
      const killedAt = owner === null ? null : (kills.get(owner) ?? null);
      const next = entries[index + 1];
      if (owner === null || killedAt === null || (next !== undefined && next.at <= killedAt)) continue;
      killsInMidExchange.add(owner);
      const stored = entries.slice(index + 1).find((entry) => entry.owner === null);
      if (stored) recoveredAfter.push(stored.at - killedAt);
    }
  }
  return { killsInMidExchange: killsInMidExchange.size, recoveredAfter: recoveredAfter.toSorted((a, b) => a - b) };
}
