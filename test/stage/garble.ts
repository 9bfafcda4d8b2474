import { openRaw } from "./raw-database.ts";
import type { Stage } from "./stage.ts";

/** Longer than the service remembers an open token. */
const FORGETTING = 10_000;

/** What is stored of the connection's tokens becomes something that no key opens. */
export async function garble({ settings, clock }: Stage, connectionId: string): Promise<void> {
  if (settings.database.kind !== "sqlite") throw new Error("The stage has an SQLite file.");
  const database = openRaw(settings.database.path);
  const noise = "access_token = randomblob(200), refresh_token = randomblob(200)";
  database.exec(`update token_sets set ${noise} where connection_id = '${connectionId}'`);
  database.close();
  await clock.advance(FORGETTING);
}
