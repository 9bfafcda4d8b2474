import { sql } from "kysely";
import { openRefreshToken } from "../../dist/connection/token-record.js";
import { readJournals } from "../../dist/journal/read-journals.js";
import { createConnectionStore } from "../../dist/store/connections.js";
import type { ProofStage } from "./proof-stage.ts";

/** Every refresh token that Evergrant has on disk, opened. */
export interface HeldTokens {
  journaled: ReadonlySet<string>;
  /** In the database: the newest of each connection, and spares. */
  stored: ReadonlySet<string>;
  connections: readonly StoredConnection[];
  /** What was written to a journal and cannot be read. Must be 0. */
  damages: number;
}

export interface StoredConnection {
  id: string;
  account: string;
  /** The newest one in the database. */
  refreshToken: string | null;
}

type Stage = Pick<ProofStage, "shared" | "keyring" | "dataDirs">;

export async function readHeldTokens(stage: Stage): Promise<HeldTokens> {
  const journaled = new Set<string>();
  const damages = await addJournaled(stage, journaled);
  const stored = new Set<string>();
  const connections = await addStored(stage, stored);
  return { journaled, stored, connections, damages };
}

async function addJournaled({ dataDirs, keyring }: Stage, to: Set<string>): Promise<number> {
  let damages = 0;
  for (const dataDir of dataDirs) {
    for (const journal of await readJournals({ dataDir, from: "everything" })) {
      for await (const item of journal.items()) {
        if (item.kind === "damage") damages++;
        else if (item.entry.kind === "tokens") {
          const token = await openRefreshToken(keyring, item.entry, item.entry.tokens);
          if (token) to.add(token.reveal());
        }
      }
    }
  }
  return damages;
}

async function addStored({ shared: { database }, keyring }: Stage, to: Set<string>): Promise<StoredConnection[]> {
  const store = createConnectionStore(database);
  const query = sql<{ id: string; account: string }>`select id, account_id as account from connections order by id`;
  const { rows } = await database.read((queries) => query.execute(queries));
  const found: StoredConnection[] = [];
  for (const { id, account } of rows) {
    const held = await store.snapshot(id);
    if (!held) continue;
    const owner = { tenantId: held.connection.tenantId, connectionId: id };
    const refreshToken = (await openRefreshToken(keyring, owner, held.tokens))?.reveal() ?? null;
    if (refreshToken !== null) to.add(refreshToken);
    for (const spare of await store.spares(id)) {
      const token = await openRefreshToken(keyring, owner, spare.tokens);
      if (token) to.add(token.reveal());
    }
    found.push({ id, account, refreshToken });
  }
  return found;
}
