import { setTimeout } from "node:timers/promises";
import type { Queries } from "../database.ts";
import { isConflict } from "./driver-error.ts";
import type { Pool } from "./pool.ts";
import { queriesOn } from "./queries.ts";
import type { Session } from "./session.ts";

const ATTEMPTS = 5;
/** Those who met in a deadlock do not come back at the same moment. */
const PAUSE_MS = 20;

/**
 * Runs `work` in a transaction, and again when the server rolled it back because of others. Nothing else is repeated: when the
 * connection breaks during the commit, nobody here knows whether it happened.
 */
export async function inTransaction<T>(
  connect: Pool["connect"],
  beginning: string,
  work: (queries: Queries) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await attemptOn(await connect(), beginning, work);
    } catch (error) {
      if (attempt === ATTEMPTS || !isConflict(error)) throw error;
      await setTimeout(Math.random() * PAUSE_MS * attempt);
    }
  }
}

async function attemptOn<T>(session: Session, beginning: string, work: (queries: Queries) => Promise<T>): Promise<T> {
  try {
    await session.run(beginning);
    const result = await work(queriesOn(session));
    // PostgreSQL answers a commit with a rollback when a statement before it failed, and does not call that an error.
    const done = await session.run("commit");
    if (done !== "COMMIT") throw new Error("A statement of this transaction failed, and its error was not let out.");
    return result;
  } catch (error) {
    if (!session.isBroken()) await session.run("rollback").catch(() => undefined);
    throw error;
  } finally {
    session.release();
  }
}
