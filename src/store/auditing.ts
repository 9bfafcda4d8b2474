import type { KyselyPlugin } from "kysely";
import type { Act } from "../access/audit.ts";
import type { Secret } from "../runtime/secret.ts";
import { appendAct } from "./audit.ts";
import type { Database } from "./database.ts";

/**
 * A database on which one act is done: its first transaction that changes a row writes the act down too, or happens not at all.
 * One that changes nothing, such as a second revocation of a key, was no act. Further transactions belong to the same act.
 */
export function auditing(database: Database, key: Secret<Uint8Array>, act: Act): Database {
  let isWritten = false;
  return {
    ...database,
    write: async (work) => {
      if (isWritten) return database.write(work);
      let changed = false;
      const result = await database.write(async (queries) => {
        const changes = createChangeCount();
        const done = await work(queries.withPlugin(changes.plugin));
        changed = changes.any();
        if (changed) await appendAct({ queries, dialect: database.dialect }, key, act);
        return done;
      });
      isWritten = changed;
      return result;
    },
  };
}

/** An act that changes no row, such as to sign something that is stored nowhere. */
export function noteAct(database: Database, key: Secret<Uint8Array>, act: Act): Promise<void> {
  return database.write((queries) => appendAct({ queries, dialect: database.dialect }, key, act));
}

const WRITES: ReadonlySet<string> = new Set(["InsertQueryNode", "UpdateQueryNode", "DeleteQueryNode"]);

/** Notices whether the statements of a transaction changed any row. A driver tells those of a `returning` as rows. */
function createChangeCount(): { plugin: KyselyPlugin; any: () => boolean } {
  const writes = new WeakSet<object>();
  let any = false;
  return {
    any: () => any,
    plugin: {
      transformQuery: ({ node, queryId }) => {
        if (WRITES.has(node.kind)) writes.add(queryId);
        return node;
      },
      transformResult: ({ queryId, result }) => {
        const count = result.numAffectedRows ?? BigInt(result.rows.length);
        if (writes.has(queryId) && count > 0n) any = true;
        return Promise.resolve(result);
      },
    },
  };
}
