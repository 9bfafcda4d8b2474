import type { Dice } from "./dice.ts";

/** Everything that goes wrong by chance, by where it strikes. */
export const CALL_FAULTS = [
  "killed_before_call",
  "killed_after_call",
  "paused_before_call",
  "paused_after_call",
] as const;
export const STORE_FAULTS = ["store_refuses", "store_answer_lost", "store_slow"] as const;
export const JOURNAL_FAULTS = ["journal_torn", "journal_refuses"] as const;
export const EXCHANGE_FAULTS = [
  "request_refused",
  "request_lost",
  "answer_lost",
  "answer_late",
  "hangs",
  "straggles",
  "gateway_timeout",
  "html_before",
  "html_after",
  "server_error",
  "throttled",
] as const;
export const WORLD_FAULTS = [
  "killed",
  "paused",
  "restarted",
  "store_away",
  "cut_off",
  "failover",
  "journal_unwritable",
  "clock_jump",
  "database_clock_jump",
  "throttling_storm",
  "server_down",
  "server_slow",
  "bad_hour",
  "client_refused",
  "everything_expires",
  "revoked_by_user",
  "reauthorized",
  "disconnected",
] as const;

/** What operators do to their clients, in runs in which those have secrets. */
export const SECRET_FAULTS = [
  "secret_changed_well",
  "secret_changed_wrongly",
  "secret_changed_too_early",
  "secret_ended",
] as const;

export type CallFault = (typeof CALL_FAULTS | typeof STORE_FAULTS | typeof JOURNAL_FAULTS)[number];
export type ExchangeFault = (typeof EXCHANGE_FAULTS)[number];
export type WorldFault = (typeof WORLD_FAULTS)[number];
export type SecretFault = (typeof SECRET_FAULTS)[number];
export type FaultKind = CallFault | ExchangeFault | WorldFault | SecretFault;

/** Decides when something goes wrong, and counts it. */
export interface Faults {
  atStoreCall(): CallFault | null;
  atJournalCall(): CallFault | null;
  atExchange(): ExchangeFault | null;
  /** The next one of the world at large. */
  inWorld(): WorldFault;
  /** Something went wrong indeed. */
  count(kind: FaultKind): void;
  counts(): ReadonlyMap<FaultKind, number>;
  total(): number;
  /** From now on nothing goes wrong. */
  end(): void;
}

/** How much less likely the strong ones are: what ends a connection or stops everybody would hide all that is subtle. */
const RARE: Partial<Record<FaultKind, number>> = {
  disconnected: 0.1,
  revoked_by_user: 0.3,
  reauthorized: 0.5,
  bad_hour: 0.2,
  client_refused: 0.3,
  everything_expires: 0.5,
  store_away: 0.5,
  database_clock_jump: 0.3,
};

/** How likely one call goes wrong; an exchange more often, since there are few of them. */
const AT_STORE_CALL = 0.025;
const AT_JOURNAL_CALL = 0.15;
const AT_EXCHANGE = 0.3;

/** Each run leaves some kinds out and has others often, because what one kind hides another run shows. */
export function createFaults(dice: Dice): Faults {
  const counts = new Map<FaultKind, number>();
  const weights = new Map<FaultKind, number>();
  const intensity = dice.pick([0.4, 1, 1, 2]);
  let total = 0;
  let ended = false;

  function weightOf(kind: FaultKind): number {
    const known = weights.get(kind);
    if (known !== undefined) return known;
    const weight = dice.chance(0.3) ? 0 : (RARE[kind] ?? 1) * (0.1 + dice.fraction());
    weights.set(kind, weight);
    return weight;
  }

  function pick<K extends FaultKind>(kinds: readonly K[]): K | null {
    const sum = kinds.reduce((all, kind) => all + weightOf(kind), 0);
    let left = dice.fraction() * sum;
    for (const kind of kinds) {
      left -= weightOf(kind);
      if (left < 0) return kind;
    }
    return null;
  }

  function at<K extends FaultKind>(probability: number, kinds: readonly K[]): K | null {
    if (ended || !dice.chance(probability * intensity)) return null;
    return pick(kinds);
  }

  const storeKinds = [...CALL_FAULTS, ...STORE_FAULTS];
  const journalKinds = [...CALL_FAULTS, ...JOURNAL_FAULTS];
  return {
    atStoreCall: () => at(AT_STORE_CALL, storeKinds),
    atJournalCall: () => at(AT_JOURNAL_CALL, journalKinds),
    atExchange: () => at(AT_EXCHANGE, EXCHANGE_FAULTS),
    inWorld: () => pick(WORLD_FAULTS) ?? "killed",
    count: (kind) => {
      total++;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
    },
    counts: () => counts,
    total: () => total,
    end: () => {
      ended = true;
    },
  };
}
