import type { JournalEntry } from "../connection/journal.ts";
import { REMEMBERED_GENERATIONS, type Commit, type NewestTokens } from "../connection/store.ts";
import { dueAt } from "./due.ts";
import type { RefreshPorts } from "./ports.ts";

type RecoverPorts = Pick<RefreshPorts, "connections" | "random" | "observer">;

type OthersPorts = RecoverPorts & Pick<RefreshPorts, "journal">;

/**
 * Brings a journaled token set to the store, if the store has an older one. One that came too late to be the newest of its
 * generation is kept as a spare; `known`: the store needs nothing of it.
 */
export async function bringToStore(ports: RecoverPorts, entry: JournalEntry): Promise<"recovered" | "known"> {
  const { connectionId, tokens } = entry;
  const { generation } = tokens;
  const held = await ports.connections.snapshot(connectionId);
  if (!held || held.tokens.generation > generation) return "known";
  const behind = held.tokens.generation < generation;
  const result = behind ? await ports.connections.recover(recoveryOf(ports, entry)) : { kind: "superseded" };
  if (result.kind === "superseded") {
    await ports.connections.setAside(connectionId, tokens, null);
    return "known";
  }
  ports.observer.event("journal.replayed", { connectionId, generation });
  return "recovered";
}

/** A journaled token set as a commit. */
export function recoveryOf({ random }: Pick<RecoverPorts, "random">, entry: JournalEntry): Commit {
  const { connectionId, receivedAt, tokens } = entry;
  const { generation } = tokens;
  const history = [{ kind: "recovered_from_journal", generation, detail: { received_at: receivedAt } }] as const;
  return { connectionId, tokens, dueAt: dueAt(tokens, random) ?? receivedAt, history };
}

const AT_ONCE = 500;

/** What other instances received for the connection and could not store any more. True when that is newer than what is stored. */
export async function bringFromOthers(ports: OthersPorts, connectionId: string): Promise<boolean> {
  return (await bringAllToStore(ports, await ports.journal.ofOthers(connectionId))) > 0;
}

/** The same when the newest was rejected: whatever else they received, and nobody has used, is then worth a try too. */
export async function bringAnyFromOthers(ports: OthersPorts, connectionId: string): Promise<boolean> {
  const entries = await ports.journal.ofOthers(connectionId);
  if ((await bringAllToStore(ports, entries)) > 0) return true;
  const newest = (await ports.connections.newestOf([connectionId])).get(connectionId)?.generation ?? 0;
  for (const { tokens } of entries) {
    if (newest - tokens.generation >= REMEMBERED_GENERATIONS) continue;
    await ports.connections.setAside(connectionId, tokens, null);
  }
  return false;
}

/** The same for many, of which the store knows most. Returns how many it did not. */
export async function bringAllToStore(ports: RecoverPorts, entries: readonly JournalEntry[]): Promise<number> {
  let recovered = 0;
  for (let first = 0; first < entries.length; first += AT_ONCE) {
    const some = entries.slice(first, first + AT_ONCE);
    const stored = await ports.connections.newestOf(some.map(({ connectionId }) => connectionId));
    for (const entry of some) {
      if (isIn(stored.get(entry.connectionId), entry)) continue;
      if ((await bringToStore(ports, entry)) === "recovered") recovered++;
    }
  }
  return recovered;
}

function isIn(stored: NewestTokens | undefined, { tokens }: JournalEntry): boolean {
  if (!stored || stored.generation !== tokens.generation) return !stored || stored.generation > tokens.generation;
  if (tokens.refreshTokenName !== null && stored.refreshTokenName === tokens.refreshTokenName) return true;
  const [one, other] = [stored.sealedRefreshToken, tokens.sealedRefreshToken];
  return one?.length === other?.length && one?.every((byte, index) => byte === other?.[index]) !== false;
}
