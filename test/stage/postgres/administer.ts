import { Client } from "pg";

/** Runs one statement as the owner of the server, on a connection of its own; returns the rows. */
export async function administer(url: string, statement: string, values: unknown[] = []): Promise<unknown[]> {
  const client = new Client(url);
  await client.connect();
  try {
    return (await client.query(statement, values)).rows;
  } finally {
    await client.end();
  }
}
