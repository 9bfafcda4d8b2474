import { describe, expect, test } from "vitest";
import type { NewConnection } from "../../src/connection/store.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { AT_REST, commitOf, FIRST, openStoreStage, tokenRecord } from "../stage/store-stage.ts";
import { clientAt } from "../stage/world.ts";

const QUERY = { tenantId: "default", limit: 100, after: null, status: null, clientId: null } as const;

/** What every database has to make of `ConnectionStore`: creating, reading and listing. */
export function connectionStoreContract(kind: DatabaseKind): void {
  describe(`creating a connection on ${kind.name}`, () => {
    test("stores every field, with the database's time", async () => {
      const stage = await openStoreStage(kind);
      const connection: NewConnection = {
        id: "con_1",
        tenantId: "default",
        clientId: "cli_1",
        providerId: "provider",
        endUser: "Zoë's ✂ 'quoted'",
        account: { id: "account", label: "zoe@example.com" },
        requestedScopes: ["a", "b c"],
        grantedScopes: ["a"],
        requiredScopes: ["a", "b c"],
        missingScopes: ["b c"],
        status: "degraded",
        policy: "on_demand",
        diagnosis: { cause: "refresh_token_missing", confidence: "certain", evidence: { missing: null, tries: 3 } },
        labels: { team: "sync", "odd key": "" },
        consentedAt: 5,
        lastProvenAt: 6,
      };
      await stage.connections.create(connection, tokenRecord(1), 42, FIRST);
      const now = stage.clock.now();
      expect(await stage.held("con_1")).toEqual({
        connection: {
          ...connection,
          claims: null,
          createdAt: now,
          statusSince: now,
          lastReadAt: null,
          linkEpoch: 0,
          isImported: false,
        },
        tokens: tokenRecord(1),
        lease: { ...AT_REST, epoch: 0, dueAt: 42 },
        hasBetterSpare: false,
        clientProbeAt: null,
      });
      const history = await stage.connections.history("con_1", { limit: 10, before: null });
      expect(history).toEqual([{ ...FIRST, id: expect.any(Number), at: now }]);
    });

    test("stores what is absent as absent", async () => {
      const stage = await openStoreStage(kind);
      const tokens = {
        ...tokenRecord(1),
        sealedAccessToken: null,
        sealedRefreshToken: null,
        expiresAt: null,
        refreshExpiresAt: null,
        rotatedAt: null,
      };
      const nothing = { endUser: null, account: null, diagnosis: null, consentedAt: null, lastProvenAt: null };
      await stage.create("con_other");
      const { connection } = await stage.held("con_other");
      await stage.connections.create({ ...connection, ...nothing, id: "con_1" }, tokens, null, FIRST);
      expect(await stage.held("con_1")).toMatchObject({ connection: nothing, tokens, lease: { dueAt: null } });
    });

    // No number is what no database takes where one has to be.
    test.each([
      ["its history", { history: { ...FIRST, generation: Number.NaN } }],
      ["its token set", { tokens: { ...tokenRecord(1), generation: Number.NaN } }],
    ])("leaves nothing behind when %s is not taken", async (_, first) => {
      const stage = await openStoreStage(kind);
      await expect(stage.create("con_1", {}, first)).rejects.toThrow(/.+/);
      expect(await stage.connections.snapshot("con_1")).toBeNull();
      expect(await stage.connections.list(QUERY)).toEqual([]);
      expect(await stage.connections.history("con_1", { limit: 10, before: null })).toEqual([]);
      await expect(stage.create("con_1")).resolves.toBeUndefined();
    });

    test("twice under one id, because the answer was lost, leaves the first as it has become", async () => {
      const stage = await openStoreStage(kind);
      await stage.create("con_1", { endUser: "first" });
      await stage.connections.commit(commitOf("con_1", 2), await stage.claim("con_1"));
      await stage.claim("con_1", { generation: 2 });
      await stage.clock.advance(1000);
      const before = await stage.held("con_1");
      await stage.create("con_1", { endUser: "second" });
      expect(await stage.held("con_1")).toEqual(before);
      expect(await stage.kindsOf("con_1")).toEqual(["connected", "refreshed"]);
    });

    test("of a client or tenant that is not there is refused", async () => {
      const stage = await openStoreStage(kind);
      await expect(stage.create("con_1", { clientId: "cli_none" })).rejects.toThrow(/.+/);
      await expect(stage.create("con_1", { tenantId: "ten_none" })).rejects.toThrow(/.+/);
      expect(await stage.connections.list(QUERY)).toEqual([]);
    });
  });

  test(`a connection that is not there is null, and has no history, on ${kind.name}`, async () => {
    const { connections } = await openStoreStage(kind);
    expect(await connections.snapshot("con_none")).toBeNull();
    expect(await connections.history("con_none", { limit: 10, before: null })).toEqual([]);
  });

  describe(`listing connections on ${kind.name}`, () => {
    test("goes through all of a tenant by id, page by page", async () => {
      const stage = await openStoreStage(kind);
      for (const id of ["con_3", "con_1", "con_5", "con_2", "con_4"]) await stage.create(id);
      const pages: string[][] = [];
      let after: string | null = null;
      do {
        const page = await stage.connections.list({ ...QUERY, limit: 2, after });
        pages.push(page.map(({ id }) => id));
        after = page.at(-1)?.id ?? null;
      } while (after !== null);
      expect(pages).toEqual([["con_1", "con_2"], ["con_3", "con_4"], ["con_5"], []]);
    });

    test("gives connections as a snapshot does", async () => {
      const stage = await openStoreStage(kind);
      await stage.create("con_1", { labels: { a: "b" } });
      expect(await stage.connections.list(QUERY)).toEqual([(await stage.held("con_1")).connection]);
    });

    test("filters by status and by client, together too", async () => {
      const stage = await openStoreStage(kind);
      await stage.clients.create(clientAt("provider", "cli_2"), null);
      await stage.create("con_1");
      await stage.create("con_2", { status: "degraded" });
      await stage.create("con_3", { clientId: "cli_2" });
      await stage.create("con_4", { clientId: "cli_2", status: "degraded" });
      const idsOf = async (filter: object) =>
        (await stage.connections.list({ ...QUERY, ...filter })).map(({ id }) => id);
      expect(await idsOf({ status: "degraded" })).toEqual(["con_2", "con_4"]);
      expect(await idsOf({ clientId: "cli_2" })).toEqual(["con_3", "con_4"]);
      expect(await idsOf({ clientId: "cli_2", status: "active" })).toEqual(["con_3"]);
      expect(await idsOf({ status: "suspended" })).toEqual([]);
      expect(await idsOf({ status: "degraded", after: "con_2" })).toEqual(["con_4"]);
    });

    test("shows a tenant nothing of another", async () => {
      const stage = await openStoreStage(kind);
      await stage.create("con_1");
      expect(await stage.connections.list({ ...QUERY, tenantId: "ten_other" })).toEqual([]);
      expect(await stage.connections.list({ ...QUERY, tenantId: "ten_other", after: "con_0" })).toEqual([]);
    });
  });

  describe(`history on ${kind.name}`, () => {
    test("comes newest first, page by page, and only of its connection", async () => {
      const stage = await openStoreStage(kind);
      await stage.create("con_1");
      await stage.create("con_2");
      for (let generation = 2; generation <= 5; generation++) {
        await stage.clock.advance(1000);
        const history = [
          { kind: "refreshed", generation, detail: { rotated: true, n: generation, why: null } } as const,
        ];
        for (const id of ["con_1", "con_2"]) {
          const claim = await stage.claim(id, { generation: generation - 1 });
          await stage.connections.commit({ ...commitOf(id, generation), history }, claim);
        }
      }
      const first = await stage.connections.history("con_1", { limit: 3, before: null });
      expect(first.map(({ generation }) => generation)).toEqual([5, 4, 3]);
      expect(first[0]).toMatchObject({ at: stage.clock.now(), detail: { rotated: true, n: 5, why: null } });
      const rest = await stage.connections.history("con_1", { limit: 3, before: first.at(-1)?.id ?? 0 });
      expect(rest.map(({ kind: what, generation }) => [what, generation])).toEqual([
        ["refreshed", 2],
        ["connected", 1],
      ]);
    });
  });
}
