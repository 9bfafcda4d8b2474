import type { Connection } from "../connection/connection.ts";
import type { TokenRecord } from "../connection/token-record.ts";
import { DAY, MINUTE } from "../runtime/clock.ts";
import type { RefreshPorts } from "./ports.ts";

/** Access tokens that their API refused before their time: from several of one client it learns how long they really live. */
export interface EarlyDeaths {
  /** The API refused a token that should have lived, as far as is known, and another one was to be had for it. */
  note(
    connection: Pick<Connection, "id" | "clientId">,
    record: Pick<TokenRecord, "obtainedAt" | "expiresAt">,
  ): Promise<void>;
}

/** So many connections of one client within a day are no coincidence: one alone may have been signed out somewhere. */
const SEVERAL = 3;
const LATELY = DAY;
/** Clients kept at a time. */
const MOST = 1_000;

/** Refusals nearer to the end than this share of the life are what clocks that differ look like. */
const EARLY = 0.9;
/** Shorter lives are not believed: whatever ends tokens so soon is no lifetime. */
const SHORTEST = 5 * MINUTE;

interface Death {
  connectionId: string;
  at: number;
  age: number;
}

export function createEarlyDeaths({
  clock,
  clients,
  observer,
}: Pick<RefreshPorts, "clock" | "clients" | "observer">): EarlyDeaths {
  const deaths = new Map<string, Death[]>();

  function lately(clientId: string, now: number): Death[] {
    return (deaths.get(clientId) ?? []).filter(({ at }) => at > now - LATELY);
  }

  return {
    note: async ({ id: connectionId, clientId }, { obtainedAt, expiresAt }) => {
      const now = clock.now();
      const age = now - obtainedAt;
      const isInTime = expiresAt !== null && age > (expiresAt - obtainedAt) * EARLY;
      if (isInTime || age < SHORTEST) return;
      const others = lately(clientId, now).filter((death) => death.connectionId !== connectionId);
      const known = [...others, { connectionId, at: now, age }].slice(-SEVERAL);
      if (deaths.size >= MOST && !deaths.has(clientId)) deaths.clear();
      deaths.set(clientId, known);
      if (known.length < SEVERAL) return;
      deaths.delete(clientId);
      const milliseconds = Math.min(...known.map((death) => death.age));
      await clients.learnLife(clientId, milliseconds);
      observer.event("client.life_learned", { clientId, seconds: Math.floor(milliseconds / 1000) });
    },
  };
}
