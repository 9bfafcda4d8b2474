import { describe, expect, test } from "vitest";
import type { ConnectSession } from "../../src/connect/connect-session.ts";
import { MINUTE } from "../../src/runtime/clock.ts";
import { createConnectSessionStore } from "../../src/store/connect-sessions.ts";
import { makeClone } from "../../src/store/restore-clone.ts";
import { createRestoreStore } from "../../src/store/restores.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { commitOf, openStoreStage, tokenRecord, type StoreStage } from "../stage/store-stage.ts";
import { clientAt } from "../stage/world.ts";
import { crowd } from "./crowd.ts";

const REQUEST = { name: "copy-1", staticProviders: ["static"] };

async function open(kind: DatabaseKind): Promise<StoreStage> {
  const stage = await openStoreStage(kind);
  await stage.database.write(async (queries) => {
    await queries.insertInto("installation").values({ id: "installation-1", created_at: 1, beats: 7 }).execute();
  });
  await stage.clients.create(clientAt("static", "cli_static"), null);
  return stage;
}

/** What every database has to make of `makeClone`. */
export function restoreCloneContract(kind: DatabaseKind): void {
  describe(`a clone on ${kind.name}`, () => {
    test("lacks each refresh token that only one can use, and keeps the access token until it expires", async () => {
      const stage = await open(kind);
      await stage.create("con_1");
      await stage.claim("con_1");
      const before = await stage.held("con_1");
      expect(await makeClone(stage.database, REQUEST)).toBe(1);
      const { connection, tokens, lease } = await stage.held("con_1");
      expect(tokens).toEqual({ ...before.tokens, sealedRefreshToken: null });
      expect(connection).toMatchObject({
        status: "degraded",
        diagnosis: { cause: "refresh_token_missing", confidence: "certain", evidence: { clone: true } },
      });
      expect(lease).toMatchObject({ dueAt: tokens.expiresAt, owner: null, leaseUntil: 0, attemptGeneration: null });
      expect((await stage.kindsOf("con_1")).at(-1)).toBe("degraded");
    });

    test("keeps refresh tokens that are never replaced, and what is due with them", async () => {
      const stage = await open(kind);
      await stage.create("con_1", { clientId: "cli_static" }, { tokens: { ...tokenRecord(1), rotatedAt: null } });
      const before = await stage.held("con_1");
      expect(await makeClone(stage.database, REQUEST)).toBe(0);
      expect(await stage.held("con_1")).toEqual(before);
    });

    test("says nothing new of a connection that was over, and lacks its refresh token as well", async () => {
      const stage = await open(kind);
      await stage.create("con_1");
      const status = "reauthorization_required";
      const history = { kind: status, generation: 1, detail: {} } as const;
      await stage.connections.setStatus({ connectionId: "con_1", generation: 1, status, diagnosis: null, history });
      expect(await makeClone(stage.database, REQUEST)).toBe(1);
      const { connection, tokens, lease } = await stage.held("con_1");
      expect([connection.status, tokens.sealedRefreshToken, lease.dueAt]).toEqual([status, null, null]);
      expect((await stage.kindsOf("con_1")).at(-1)).toBe(status);
    });

    test("takes over a connection that was held there, as one that will end", async () => {
      const stage = await open(kind);
      await stage.create("con_1");
      const restores = createRestoreStore(stage.database);
      await restores.mark(0);
      await restores.hold({ newestSince: null, staticProviders: [] });
      await makeClone(stage.database, REQUEST);
      expect((await stage.held("con_1")).connection.status).toBe("degraded");
      expect(await restores.held()).toBe(0);
    });

    test("has none of the original's spares, connect sessions and instances", async () => {
      const stage = await open(kind);
      await stage.create("con_1");
      await stage.connections.setAside("con_1", tokenRecord(1, 9), null);
      const sessions = createConnectSessionStore(stage.database);
      await sessions.create(sessionOf("cs_1", stage.clock.now()));
      await stage.beat("ins_a");
      await makeClone(stage.database, REQUEST);
      expect(await stage.connections.spares("con_1")).toEqual([]);
      expect(await sessions.find("cs_1")).toBeNull();
      expect((await createRestoreStore(stage.database).past())?.living).toEqual([]);
    });

    test("is known as one, and has a past of its own", async () => {
      const stage = await open(kind);
      await makeClone(stage.database, REQUEST);
      const at = stage.clock.now();
      expect(await createRestoreStore(stage.database).past()).toMatchObject({
        installation: "installation-1",
        clone: "copy-1",
        clonedAt: at,
        beats: 0,
        restore: { at, pending: false },
      });
    });

    test("takes nothing that the original received before it was made, neither as newest nor as spare", async () => {
      const stage = await open(kind);
      await stage.create("con_1");
      await makeClone(stage.database, REQUEST);
      const { tokens } = commitOf("con_1", 5);
      expect(await stage.connections.recover({ ...commitOf("con_1", 5), tokens })).toEqual({ kind: "superseded" });
      await stage.connections.setAside("con_1", tokens, null);
      expect(await stage.connections.spares("con_1")).toEqual([]);
      await stage.clock.advance(MINUTE);
      const own = { ...tokens, obtainedAt: stage.clock.now() };
      expect(await stage.connections.recover({ ...commitOf("con_1", 5), tokens: own })).toMatchObject({
        kind: "committed",
      });
    });

    test("is made of many connections, in turn", async () => {
      const stage = await open(kind);
      await crowd(stage, 1001);
      expect(await makeClone(stage.database, REQUEST)).toBe(1001);
      expect((await stage.held("con_01000")).tokens.sealedRefreshToken).toBeNull();
    });

    test("that was not finished is a database that was restored", async () => {
      const stage = await open(kind);
      await crowd(stage, 1001);
      let writes = 0;
      const write: typeof stage.database.write = (work) => {
        writes += 1;
        return writes > 2 ? Promise.reject(new Error("The power is gone.")) : stage.database.write(work);
      };
      await expect(makeClone({ ...stage.database, write }, REQUEST)).rejects.toThrow("The power is gone.");
      const restores = createRestoreStore(stage.database);
      expect((await restores.past())?.restore).toMatchObject({ from: 0, pending: true });
      expect((await stage.held("con_01000")).tokens.sealedRefreshToken).not.toBeNull();
    });
  });
}

function sessionOf(id: string, now: number): Omit<ConnectSession, "createdAt"> {
  return {
    id,
    tenantId: "default",
    clientId: "cli_1",
    connectionId: null,
    endUser: null,
    scopes: [],
    requiredScopes: [],
    parameters: {},
    returnUrl: null,
    completion: "automatic",
    switchEpoch: null,
    status: "created",
    linkHash: "hash",
    attempt: null,
    sealedCode: null,
    sealedArrival: null,
    problem: null,
    expiresAt: now + MINUTE,
  };
}
