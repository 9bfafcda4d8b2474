import { createApi, type Api } from "../stage/api.ts";
import { spawnEvergrant, type EvergrantProcess } from "./evergrant-process.ts";
import type { Life } from "./life.ts";

/** Processes of the service over one database. */
export interface Cluster {
  processes(): readonly EvergrantProcess[];
  /** Where processes serve at this moment. */
  urls(): string[];
  /** Every process there ever was. */
  lives(): Life[];
  /** Starts another process in the place of one that ended; it may take a while until it serves. */
  startInPlaceOf(ended: EvergrantProcess): void;
  /** Resolves when so many serve. */
  untilServing(count: number): Promise<void>;
  /** The API of the first that serves. */
  api: Api;
  /** The orderly end of all. */
  stop(): Promise<void>;
}

export interface ClusterOptions {
  processes: number;
  adminKey: string;
  /** Of the process at that place. */
  environment: (place: number) => Readonly<Record<string, string>>;
  log: (line: string) => void;
}

export async function startCluster({ processes, adminKey, environment, log }: ClusterOptions): Promise<Cluster> {
  const lives: Life[] = [];
  const places: EvergrantProcess[] = [];

  function spawnAt(place: number): EvergrantProcess {
    const spawned = spawnEvergrant({ ...environment(place), EVERGRANT_ADMIN_KEY: adminKey }, log);
    lives.push(spawned.life);
    return (places[place] = spawned);
  }

  /** A start can fail by itself, because the database is away or locked at that moment. */
  function keepStarting(place: number): void {
    const spawned = spawnAt(place);
    spawned.started.catch(() => {
      if (spawned.life.killedAt === null && places[place] === spawned) keepStarting(place);
    });
  }

  const urls = (): string[] => places.map((running) => running.url()).filter((url) => url !== null);

  async function untilServing(count: number): Promise<void> {
    while (urls().length < count) {
      const starting = places.filter((one) => one.url() === null && one.life.killedAt === null);
      await Promise.any(starting.map(({ started }) => started)).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  // The first one alone: it makes what there is to make in a new database.
  keepStarting(0);
  await untilServing(1);
  for (let place = 1; place < processes; place++) keepStarting(place);
  await untilServing(processes);

  return {
    processes: () => places,
    urls,
    lives: () => lives,
    startInPlaceOf: (ended) => keepStarting(places.indexOf(ended)),
    untilServing,
    api: (method, path, body) => createApi(urls()[0] ?? "", adminKey)(method, path, body),
    stop: async () => {
      await Promise.all(places.map((running) => running.stop()));
    },
  };
}
