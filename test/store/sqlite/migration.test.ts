import { join } from "node:path";
import { Kysely, Migrator, sql, SqliteDialect } from "kysely";
import { describe, expect, test } from "vitest";
import { createConnectionStore } from "../../../src/store/connections.ts";
import { initial } from "../../../src/store/migrations/0001-initial.ts";
import { operatorSessions } from "../../../src/store/migrations/0014-operator-sessions.ts";
import { operatorSignIn } from "../../../src/store/migrations/0017-operator-sign-in.ts";
import { sqliteDialect } from "../../../src/store/sqlite/dialect.ts";
import { openDriver, withKeptStatements } from "../../../src/store/sqlite/driver.ts";
import { openSqlite } from "../../../src/store/sqlite/open.ts";
import type { Database } from "../../../src/store/database.ts";
import { createManualClock } from "../../stage/manual-clock.ts";
import { claimRequest, commitOf, dueRequest } from "../../stage/store-stage.ts";
import { temporaryFolder } from "../../stage/temporary-folder.ts";

/** Two connections of version 0.1: `con_1` is due, and the answer to a refresh of `con_2` never came. */
const ROWS = `
  pragma application_id = 0x45474442;
  insert into tenants values ('default', 'Default', 1);
  insert into clients values ('cli_1', 'default', 'p', 'id', 'none', '[]', '{}', null, null, null, null, 1);
  insert into clients values ('cli_2', 'default', 'p', 'id', 'none', '[]', '{}', null, null, null, null, 1);
  insert into connections values ('con_1', 'default', 'cli_1', null, null, null, '[]', '["a"]', 'active', null, '{}', 3, 4, null, null);
  insert into connections values ('con_2', 'default', 'cli_2', 'u', null, null, '[]', '[]', 'degraded', null, '{}', 3, 4, 5, 6);
  insert into token_sets values ('con_1', 1, x'01', x'02', 'Bearer', '["a"]', 'connect', 5, 6, 7);
  insert into token_sets values ('con_2', 4, null, x'03', 'Bearer', '[]', 'ahead', 5, null, null);
  insert into refresh_leases values ('con_1', 10, 0, 0, null, null, null);
  insert into refresh_leases values ('con_2', null, 20, 2, 'provider_unavailable', 4, 15);
  insert into history (connection_id, at, kind, generation, detail) values ('con_1', 4, 'connected', 1, '{}');
`;

/** As the first version would have left it, brought up to date by this one. */
async function openOld(): Promise<Database> {
  const path = join(temporaryFolder(), "evergrant.db");
  const driver = openDriver(path, {});
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: withKeptStatements(driver) }) });
  const migrations = { "0001-initial": { up: initial(sqliteDialect.columns) } };
  const provider = { getMigrations: () => Promise.resolve(migrations) };
  const { error } = await new Migrator({ db, provider }).migrateToLatest();
  expect(error).toBeUndefined();
  driver.exec(ROWS);
  await db.destroy();
  return openSqlite(path, createManualClock());
}

describe("a database of the first version", () => {
  test("keeps what it knows, and what it did not know is as if nothing had happened", async () => {
    const database = await openOld();
    const connections = createConnectionStore(database);
    const unknown = { epoch: 0, owner: null, leaseUntil: 0, rejectedAt: null, notice: null };
    expect(await connections.snapshot("con_1")).toEqual({
      connection: {
        id: "con_1",
        tenantId: "default",
        clientId: "cli_1",
        providerId: "p",
        endUser: null,
        account: null,
        requestedScopes: [],
        grantedScopes: ["a"],
        requiredScopes: [],
        missingScopes: [],
        claims: null,
        linkEpoch: 0,
        isImported: false,
        status: "active",
        diagnosis: null,
        policy: "adaptive",
        labels: {},
        statusSince: 3,
        createdAt: 4,
        consentedAt: null,
        lastProvenAt: null,
        lastReadAt: null,
      },
      tokens: {
        generation: 1,
        sealedAccessToken: Buffer.of(1),
        sealedRefreshToken: Buffer.of(2),
        tokenType: "Bearer",
        scope: ["a"],
        answerFields: {},
        obtainedAt: 5,
        origin: "connect",
        expiresAt: 6,
        refreshExpiresAt: 7,
        refreshTokenName: null,
        refreshTokenMarks: null,
        rotatedAt: null,
        dpopKey: null,
      },
      lease: {
        ...unknown,
        dueAt: 10,
        backoffUntil: 0,
        failures: 0,
        cause: null,
        attemptGeneration: null,
        attemptAt: null,
        unanswered: 0,
      },
      hasBetterSpare: false,
      clientProbeAt: null,
    });
    expect(await connections.snapshot("con_2")).toMatchObject({
      connection: { status: "degraded", endUser: "u", policy: "adaptive", lastReadAt: null },
      lease: { ...unknown, backoffUntil: 20, failures: 2, attemptGeneration: 4, attemptAt: 15, unanswered: 1 },
    });
    expect(await connections.history("con_1", { limit: 10, before: null })).toMatchObject([{ kind: "connected" }]);
    await database.close();
  });

  test("knows the client of each lease", async () => {
    const database = await openOld();
    const connections = createConnectionStore(database);
    expect(await connections.claimDue(dueRequest({ exceptClients: ["cli_1"] }))).toEqual([]);
    const due = await connections.claimDue(dueRequest({ exceptClients: ["cli_2", ""] }));
    expect(due.map(({ claim }) => claim.connectionId)).toEqual(["con_1"]);
    const leases = await database.read((queries) =>
      queries.selectFrom("refresh_leases").select("client_id").orderBy("connection_id").execute(),
    );
    expect(leases).toEqual([{ client_id: "cli_1" }, { client_id: "cli_2" }]);
    await database.close();
  });

  test("tells of the send whose answer never came, and goes on from there", async () => {
    const database = await openOld();
    const connections = createConnectionStore(database);
    const result = await connections.claim(claimRequest("con_2", { generation: 4 }));
    const claim = {
      connectionId: "con_2",
      generation: 4,
      owner: "ins_a",
      epoch: 1,
      earlier: { count: 1, firstAt: 15 },
    };
    expect(result).toEqual({ kind: "claimed", claim });
    await connections.commit(commitOf("con_2", 5), claim);
    expect((await connections.snapshot("con_2"))?.tokens.generation).toBe(5);
    await connections.setAside(
      "con_2",
      { ...commitOf("con_2", 5).tokens, sealedRefreshToken: Buffer.of(9), refreshTokenName: "other" },
      null,
    );
    expect(await connections.spares("con_2")).toHaveLength(1);
    await database.close();
  });
});

test("a browser that was signed in with a key stays signed in when people can sign in too", async () => {
  const driver = openDriver(join(temporaryFolder(), "evergrant.db"), {});
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database: withKeptStatements(driver) }) });
  for (const migration of [initial, operatorSessions]) await migration(sqliteDialect.columns)(db);
  driver.exec(`insert into tenants values ('default', 'Default', 1);
    insert into operator_sessions values ('ops_1', 'default', 'key_1', 'h', '192.0.2.1', 1, 2, 3, null)`);
  await operatorSignIn(sqliteDialect.columns)(db);
  const { rows } = await sql`select * from operator_sessions`.execute(db);
  const times = { created_at: 1, last_used_at: 2, expires_at: 3, ended_at: null };
  const owner = { tenant_id: "default", key_id: "key_1", operator: null };
  expect(rows).toEqual([{ id: "ops_1", ...owner, hash: "h", from_address: "192.0.2.1", ...times }]);
  await db.destroy();
});
