import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Chance } from "./chance.ts";

/** Callers that ask for access tokens all the time, wherever a process serves, of connections that have not ended. */
export interface Readers {
  addConnection(id: string): void;
  tally(): ReadersTally;
  stop(): Promise<void>;
}

export interface ReadersTally {
  answered: number;
  /** Of these: tokens that had run out when they came. Must be 0. */
  expired: number;
  /** 409: a person has to sign in again. */
  ended: number;
  /** 503: try again in a moment. */
  later: number;
  /** The process ended, or stood still, with the question. */
  broken: number;
  /** Anything else, which must not be. */
  unexpected: number;
}

export interface ReadersOptions {
  count: number;
  /** Where processes serve at this moment. */
  urls: () => string[];
  adminKey: string;
  chance: Chance;
}

const PAUSE = { least: 50, most: 150 };
const PATIENCE = 20_000;

const tokenAnswer = z.object({ expires_at: z.iso.datetime() });

export function startReaders({ count, urls, adminKey, chance }: ReadersOptions): Readers {
  const connections = new Set<string>();
  const tally: ReadersTally = { answered: 0, expired: 0, ended: 0, later: 0, broken: 0, unexpected: 0 };
  const stopping = new AbortController();

  async function readOnce(url: string, connection: string): Promise<keyof ReadersTally> {
    const askedAt = Date.now();
    const headers = { authorization: `Bearer ${adminKey}` };
    const signal = AbortSignal.timeout(PATIENCE);
    const response = await fetch(`${url}/v1/connections/${connection}/access-token`, { headers, signal });
    const text = await response.text();
    if (response.status === 409) connections.delete(connection);
    if (response.status === 409) return "ended";
    if (response.status === 503) return "later";
    if (response.status !== 200) return "unexpected";
    const { expires_at } = tokenAnswer.parse(JSON.parse(text));
    return Date.parse(expires_at) > askedAt ? "answered" : "expired";
  }

  async function read(): Promise<void> {
    while (!stopping.signal.aborted) {
      await sleep(chance.between(PAUSE.least, PAUSE.most));
      const url = chance.pick(urls());
      const connection = chance.pick([...connections]);
      if (url !== undefined && connection !== undefined) {
        tally[await readOnce(url, connection).catch(() => "broken" as const)]++;
      }
    }
  }

  const reading = Array.from({ length: count }, read);
  return {
    addConnection: (id) => void connections.add(id),
    tally: () => ({ ...tally }),
    stop: async () => {
      stopping.abort();
      await Promise.all(reading);
    },
  };
}
