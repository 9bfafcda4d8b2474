import { Client } from "pg";

/** Waits until there is another connection to the same database of which the condition (on `pg_stat_activity`) is true. */
export async function untilBackend(url: string, condition: string): Promise<void> {
  await untilRow(url, "select pid", condition);
}

/** Ends other connections to the same database, as soon as there is one of which the condition is true. */
export async function endBackends(url: string, condition: string): Promise<void> {
  await untilRow(url, "select pg_terminate_backend(pid)", condition);
}

/** Asks again and again, with the pauses on the server, for ten seconds at most. */
async function untilRow(url: string, select: string, condition: string): Promise<void> {
  const text = `${select} from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and ${condition}`;
  const client = new Client(url);
  await client.connect();
  try {
    for (let turn = 0; (await client.query(text)).rowCount === 0; turn++) {
      if (turn === 1000) throw new Error(`There is no connection of which ${condition}.`);
      await client.query("select pg_sleep(0.01)");
    }
  } finally {
    await client.end();
  }
}
