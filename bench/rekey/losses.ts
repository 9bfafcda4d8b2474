import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { sql } from "kysely";
import type { Keyring, Database } from "../sweep/built.ts";
import { idOf, TENANT } from "./population.ts";

export interface Losses {
  refreshes: number;
  /** Requests with a refresh token that was replaced before. */
  refused: number;
  /** Connections whose stored refresh token is not the newest that the token endpoint gave out. */
  lost: number;
  /** Stored tokens that the keyring does not open. */
  unopened: number;
}

interface Told {
  replaced: number;
  refused: number;
  newest: [string, number][];
}

interface Row {
  id: string;
  generation: number;
  access_token: Uint8Array;
  refresh_token: Uint8Array;
}

const ROWS_AT_ONCE = 1000;

/** Opens every stored token, and compares refresh tokens with what the token endpoint knows. Nothing may be under way. */
export async function lossesOf(
  endpoint: ChildProcess,
  { database, keyring }: { database: Database; keyring: Keyring },
): Promise<Losses> {
  const answer = once(endpoint, "message");
  endpoint.send("tell");
  const [{ replaced, refused, newest }] = (await answer) as [Told];
  const expected = new Map(newest.map(([chain, number]) => [idOf(Number(chain)), `refresh-${chain}-${number}`]));
  let [lost, unopened, after] = [0, 0, ""];
  for (;;) {
    const rows = await rowsAfter(database, after);
    for (const row of rows) {
      const opened = await openBoth(keyring, row);
      if (!opened) unopened++;
      else if ((expected.get(row.id) ?? opened) !== opened) lost++;
    }
    const last = rows.at(-1);
    if (!last) return { refreshes: replaced, refused, lost, unopened };
    after = last.id;
  }
}

async function rowsAfter(database: Database, after: string): Promise<Row[]> {
  const query = sql<Row>`select connection_id as id, generation, access_token, refresh_token from token_sets
    where connection_id > ${after} order by connection_id limit ${sql.lit(ROWS_AT_ONCE)}`;
  return (await database.read((queries) => query.execute(queries))).rows;
}

/** The refresh token, or null when one of the two does not open. */
async function openBoth(keyring: Keyring, row: Row): Promise<string | null> {
  const address = { tenantId: TENANT, recordId: row.id, generation: row.generation };
  try {
    await keyring.open({ ...address, field: "access_token" }, row.access_token);
    return (await keyring.open({ ...address, field: "refresh_token" }, row.refresh_token)).reveal();
  } catch {
    return null;
  }
}
