import { CompiledQuery } from "kysely";
import { describe, expect, test } from "vitest";
import type { ConnectionStore } from "../../../src/connection/store.ts";
import { createConnectionStore } from "../../../src/store/connections.ts";
import type { Database, Queries } from "../../../src/store/database.ts";
import { openSqlite } from "../../../src/store/sqlite/open.ts";
import { createManualClock } from "../../stage/manual-clock.ts";
import { claimRequest, dueRequest, openStoreStage } from "../../stage/store-stage.ts";

const STAGE = { name: "SQLite in memory", open: () => openSqlite(":memory:", createManualClock()) };

/** What SQLite does for each statement that looks into `table`, one line a step. */
async function plansOf(table: string, use: (connections: ConnectionStore) => Promise<unknown>): Promise<string[]> {
  const stage = await openStoreStage(STAGE);
  const { database } = stage;
  await stage.create("con_1", {}, { dueAt: 1 });
  const statements: CompiledQuery[] = [];
  await use(createConnectionStore(noting(database, statements)));
  const plans: string[] = [];
  for (const { sql, parameters } of statements) {
    const explained = CompiledQuery.raw(`explain query plan ${sql}`, [...parameters]);
    const { rows } = await database.read((queries) => queries.executeQuery<{ detail: string }>(explained));
    if (rows.some(({ detail }) => detail.includes(` ${table}`))) plans.push(...rows.map(({ detail }) => detail));
  }
  return plans;
}

/** Notes each statement as it is sent. */
function noting(database: Database, statements: CompiledQuery[]): Database {
  const over = (queries: Queries) =>
    queries.withPlugin({
      transformQuery: ({ node, queryId }) => {
        statements.push(queries.getExecutor().compileQuery(node, queryId));
        return node;
      },
      transformResult: ({ result }) => Promise.resolve(result),
    });
  return {
    ...database,
    read: (work) => database.read((queries) => work(over(queries))),
    write: (work) => database.write((queries) => work(over(queries))),
  };
}

describe("a million resting connections cost nothing, because SQLite finds by an index", () => {
  test("what is due, in order", async () => {
    const plans = await plansOf("refresh_leases", (connections) =>
      connections.claimDue(dueRequest({ exceptClients: ["cli_9"] })),
    );
    expect(plans[0]).toMatch(/^SEARCH refresh_leases USING INDEX refresh_leases_due \(due_at<\?\)$/);
    expect(plans.join("\n")).not.toMatch(/SCAN (refresh_leases|connections|token_sets)|TEMP B-TREE/);
  });

  test("orphans", async () => {
    const plans = await plansOf("refresh_leases", (connections) => connections.orphans(10));
    expect(plans).toEqual([
      "SEARCH refresh_leases USING INDEX refresh_leases_due (due_at<?)",
      "SCAN refresh_leases USING INDEX refresh_leases_owned",
      expect.stringContaining("SEARCH instances"),
    ]);
  });

  test("how many of a client were rejected lately", async () => {
    const plans = await plansOf("refresh_leases", async (connections) => {
      const result = await connections.claim(claimRequest("con_1"));
      if (result.kind !== "claimed") throw new Error("Not granted.");
      await connections.reject({
        claim: result.claim,
        diagnosis: { cause: "unknown", confidence: "possible", evidence: {} },
        history: { kind: "reauthorization_required", generation: 1, detail: {} },
        confirmAfterMs: null,
        brake: { windowMs: 1, tolerated: 1, patienceMs: 1, backoffMs: 1 },
      });
    });
    expect(plans).toContainEqual(
      expect.stringMatching(/COVERING INDEX refresh_leases_rejected \(client_id=\? AND last_rejected_at>\?\)/),
    );
    expect(plans.join("\n")).not.toContain("SCAN");
  });

  test("the spares of a connection, and those that are old", async () => {
    const spares = await plansOf("spare_token_sets", (connections) => connections.spares("con_1"));
    expect(spares).toEqual([expect.stringContaining("USING INDEX spare_token_sets_connection (connection_id=?)")]);
    const old = await plansOf("spare_token_sets", (connections) => connections.prune(1));
    expect(old).toEqual([expect.stringContaining("INDEX spare_token_sets_age (set_aside_at<?)")]);
  });
});
