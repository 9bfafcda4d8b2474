import { existsSync } from "node:fs";
import { ServiceError } from "../../runtime/service-error.ts";
import { openDatabase } from "../../service/open-database.ts";
import { replayEverything } from "../../service/replay-journals.ts";
import { readSettings, type Settings } from "../../service/settings.ts";
import { StartError } from "../../service/start-error.ts";
import { systemClock, systemRandom } from "../../service/system.ts";
import { createConnectionStore } from "../../store/connections.ts";
import { createRestoreStore } from "../../store/restores.ts";
import type { Output } from "../terminal/output.ts";

/** Brings to the database what the journals have and it lacks, and prints which connections that raised. */
export async function replayJournalsNow(output: Output, environment: NodeJS.ProcessEnv): Promise<void> {
  const settings = readSettings(environment);
  try {
    const { raised, damaged } = await replay(settings);
    output.result({ raised, damaged }, () => text(raised, damaged));
  } catch (error) {
    throw error instanceof ServiceError ? new StartError("database", error.message) : error;
  }
}

async function replay({ dataDir, database: location }: Settings) {
  if (location.kind === "sqlite" && !existsSync(location.path)) {
    throw new StartError("database", `There is no database at ${location.path}. Check EVERGRANT_DATABASE_URL.`);
  }
  const database = await openDatabase(location, systemClock);
  try {
    const connections = createConnectionStore(database);
    const observer = { event: () => undefined };
    const restores = createRestoreStore(database);
    return await replayEverything({ dataDir, connections, restores, random: systemRandom, observer });
  } finally {
    await database.close();
  }
}

function text(raised: readonly string[], damaged: boolean): string {
  const found = raised.length === 0 ? "The database has everything that the journals have." : raised.join("\n");
  return damaged ? `${found}\nSome entries cannot be read; \`evergrant journal verify\` says which.` : found;
}
