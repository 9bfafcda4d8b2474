import { sql } from "kysely";
import type { ProofStage } from "./proof-stage.ts";
import type { Chance } from "./chance.ts";
import { startReaders, type ReadersTally } from "./readers.ts";

/** Connections that are refreshed all the time, and read all the time. */
export interface Load {
  /** Connects new accounts for connections that have ended, so that the load stays. */
  replaceEnded(): Promise<void>;
  tally(): ReadersTally;
  stop(): Promise<void>;
}

const AT_ONCE = 8;

export interface LoadOptions {
  connections: number;
  readers: number;
  chance: Chance;
}

export async function startLoad(stage: ProofStage, options: LoadOptions): Promise<Load> {
  const { cluster, accounts, shared, adminKey } = stage;
  const readers = startReaders({
    count: options.readers,
    urls: () => cluster.urls(),
    adminKey,
    chance: options.chance,
  });
  const replaced = new Set<string>();

  async function connect(count: number): Promise<void> {
    let left = count;
    const worker = async (): Promise<void> => {
      while (left-- > 0) {
        const id = await accounts.connect();
        if (id === null) left++;
        else readers.addConnection(id);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }

  async function endedConnections(): Promise<string[]> {
    const query = sql<{ id: string }>`select id from connections where status <> 'active'`;
    const { rows } = await shared.database.read((queries) => query.execute(queries));
    return rows.map(({ id }) => id).filter((id) => !replaced.has(id));
  }

  await connect(options.connections);
  return {
    replaceEnded: async () => {
      const ended = await endedConnections();
      for (const id of ended) replaced.add(id);
      await connect(ended.length);
    },
    tally: () => readers.tally(),
    stop: () => readers.stop(),
  };
}
