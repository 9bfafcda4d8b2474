import { CompiledQuery, sql } from "kysely";
import { describe, expect, test } from "vitest";
import type { ConnectionStore } from "../../../src/connection/store.ts";
import { createConnectionStore } from "../../../src/store/connections.ts";
import type { Database, Queries } from "../../../src/store/database.ts";
import { createProbeStore } from "../../../src/store/probes.ts";
import { createIncidentStore } from "../../../src/store/incidents.ts";
import { createSealedStore } from "../../../src/store/sealed-store.ts";
import { openSqlite } from "../../../src/store/sqlite/open.ts";
import { updateFromValues } from "../../../src/store/update-from-values.ts";
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
  const plans = await Promise.all(statements.map((statement) => planOf(database, statement)));
  return plans.filter((plan) => plan.includes(` ${table}`)).flatMap((plan) => plan.split("\n"));
}

/** One line a step. */
async function planOf(database: Database, { sql: text, parameters }: CompiledQuery): Promise<string> {
  const explained = CompiledQuery.raw(`explain query plan ${text}`, [...parameters]);
  const { rows } = await database.read((queries) => queries.executeQuery<{ detail: string }>(explained));
  return rows.map(({ detail }) => detail).join("\n");
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

/** With statistics as if there were some hundred thousand connections, which is where they lead SQLite astray. */
async function openAnalysed() {
  const stage = await openStoreStage(STAGE);
  for (let number = 100; number < 600; number++) await stage.create(`con_${number}`);
  await stage.database.write(async (queries) => {
    await sql`update token_sets set access_token = zeroblob(100), refresh_token = zeroblob(100)`.execute(queries);
    await sql`analyze`.execute(queries);
    await sql`update sqlite_stat1 set stat = '300000 150000 1' where idx = 'connections_tenant'`.execute(queries);
    await sql`update sqlite_stat1 set stat = '300000 1' where idx like 'sqlite_autoindex_%'`.execute(queries);
    await sql`analyze sqlite_schema`.execute(queries);
  });
  return stage;
}

test("a list of values is looked up row by row, whatever the statistics say", async () => {
  const { database } = await openAnalysed();
  const statements: CompiledQuery[] = [];
  const rows = Array.from({ length: 400 }, (_none, number) => ({ connection_id: `con_${number}`, generation: 1 }));
  await noting(database, statements).write((queries) =>
    updateFromValues({ queries, dialect: database.dialect }, "token_sets", "connection_id", rows),
  );
  const [plan] = await Promise.all(statements.map((statement) => planOf(database, statement)));
  expect(plan).toMatch(/SEARCH token_sets USING (COVERING )?INDEX sqlite_autoindex_token_sets_1 \(connection_id=\?\)/);
  expect(plan).not.toMatch(/SCAN token_sets|AUTOMATIC/);
});

test("a rekey goes through the values of a tenant in order, and sorts nothing", async () => {
  const { database } = await openAnalysed();
  const statements: CompiledQuery[] = [];
  const sealed = createSealedStore(noting(database, statements));
  await sealed.outdated("default", 9, { table: "token_sets", after: "con_101" }, 100);
  await sealed.versions("default");
  const plans = await Promise.all(statements.map((statement) => planOf(database, statement)));
  const ofTokens = plans.filter((plan) => /stored USING.* sqlite_autoindex_token_sets/.test(plan));
  expect(ofTokens).toHaveLength(2);
  for (const plan of ofTokens) {
    expect(plan).toMatch(/SEARCH owner USING COVERING INDEX connections_tenant/);
    expect(plan).not.toMatch(/TEMP B-TREE FOR ORDER BY/);
  }
});

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

  test("which are to be proven, in order", async () => {
    const stage = await openStoreStage(STAGE);
    await stage.create("con_1");
    const statements: CompiledQuery[] = [];
    await createProbeStore(noting(stage.database, statements)).claim(10);
    const plans = await Promise.all(statements.map((statement) => planOf(stage.database, statement)));
    expect(plans[0]).toBe("SEARCH connections USING INDEX connections_prove_at (prove_at<?)");
    expect(plans.join("\n")).not.toMatch(/SCAN|TEMP B-TREE/);
  });

  test("the spares of a connection, and those that are old", async () => {
    const spares = await plansOf("spare_token_sets", (connections) => connections.spares("con_1"));
    expect(spares).toEqual([expect.stringContaining("USING INDEX spare_token_sets_connection (connection_id=?)")]);
    const old = await plansOf("spare_token_sets", (connections) => connections.prune(1));
    expect(old).toEqual([expect.stringContaining("INDEX spare_token_sets_age (set_aside_at<?)")]);
  });
});

test("a look after incidents goes through no table of connections, however many there are", async () => {
  const stage = await openAnalysed();
  const { database, connections, clients } = stage;
  const diagnosis = { cause: "unknown", confidence: "possible", evidence: {} } as const;
  const history = { kind: "reauthorization_required", generation: 1, detail: {} } as const;
  for (let number = 100; number < 110; number++) {
    const rejection = { diagnosis, history, confirmAfterMs: null, brake: null };
    expect(await connections.reject({ ...rejection, claim: await stage.claim(`con_${number}`) })).toBe("ended");
  }
  await clients.suspend("cli_1", { cause: "client_disabled", code: "x", probeAt: 1 });
  const statements: CompiledQuery[] = [];
  const incidents = createIncidentStore(noting(database, statements));
  let made = 0;
  for (let looks = 0; looks < 2; looks++) await incidents.look(() => `inc_${++made}`);
  await incidents.reprieve(10);
  expect(made).toBe(2);
  const plans = await Promise.all(statements.map((statement) => planOf(database, statement)));
  const scans = plans.filter((plan) => /SCAN (connections|history|refresh_leases|token_sets|outbox)\b/.test(plan));
  expect(statements.length).toBeGreaterThan(20);
  expect(scans).toEqual([]);
});
