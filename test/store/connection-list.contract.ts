import { describe, expect, test } from "vitest";
import type { ConnectionQuery } from "../../src/connection/store.ts";
import { createOverviewStore } from "../../src/store/overview.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { openStoreStage, type StoreStage } from "../stage/store-stage.ts";
import { clientAt } from "../stage/world.ts";

const QUERY = { tenantId: "default", limit: 100, after: null, status: null, clientId: null } as const;

/** Five connections: each of them is told from the others by something else. */
async function open(kind: DatabaseKind): Promise<StoreStage> {
  const stage = await openStoreStage(kind);
  await stage.clients.create(clientAt("elsewhere", "cli_2"), null);
  await stage.create("con_1", { account: account("Alice@Example.com"), labels: { plan: "gold", 'a"b': "x" } });
  await stage.create("con_2", { account: account("100%_sure"), labels: { plan: "gold!", other: "plan" } });
  await stage.create("con_3", { endUser: "Bob", labels: { 'x"plan': "gold" } });
  await stage.create("con_4", { missingScopes: ["files.read"], requiredScopes: ["files.read"] });
  await stage.create("con_5", { clientId: "cli_2" });
  await stage.clock.advance(1000);
  const history = { kind: "reauthorization_required", generation: 1, detail: {} } as const;
  const diagnosis = { cause: "revoked_by_user", confidence: "certain", evidence: { cause: "unknown" } } as const;
  await stage.connections.setStatus({
    connectionId: "con_3",
    generation: 1,
    status: "reauthorization_required",
    diagnosis,
    history,
  });
  return stage;
}

function account(label: string) {
  return { id: `id-of-${label}`, label };
}

async function found({ connections }: StoreStage, filter: Partial<ConnectionQuery>): Promise<string[]> {
  return (await connections.list({ ...QUERY, ...filter })).map(({ id }) => id.slice(4));
}

/** What every database has to find for a filter, and in which order. */
export function connectionListContract(kind: DatabaseKind): void {
  describe(`a list of connections on ${kind.name}`, () => {
    test("has what a filter says, and filters together have what all of them say", async () => {
      const stage = await open(kind);
      const cases: [Partial<ConnectionQuery>, string[]][] = [
        [{ search: "ALICE@example" }, ["1"]],
        [{ search: "id-of-" }, ["1", "2"]],
        [{ search: "con_3" }, ["3"]],
        [{ search: "bob" }, ["3"]],
        [{ search: "%" }, ["2"]],
        [{ search: "0%_s" }, ["2"]],
        [{ search: "a_ice" }, []],
        [{ search: "!" }, []],
        [{ label: ["plan", "gold"] }, ["1"]],
        [{ label: ["plan", "GOLD"] }, []],
        [{ label: ['a"b', "x"] }, ["1"]],
        [{ label: ['x"plan', "gold"] }, ["3"]],
        [{ label: ["other", "plan"] }, ["2"]],
        [{ cause: "revoked_by_user" }, ["3"]],
        [{ cause: "unknown" }, []],
        [{ cause: "scope_insufficient" }, ["4"]],
        [{ status: "degraded" }, ["4"]],
        [{ status: "active" }, ["1", "2", "5"]],
        [{ status: "reauthorization_required" }, ["3"]],
        [{ providerId: "elsewhere" }, ["5"]],
        [{ providerId: "none" }, []],
        [{ status: "active", search: "con_", label: ["plan", "gold"], providerId: "provider" }, ["1"]],
        [{ order: "changed" }, ["3", "5", "4", "2", "1"]],
        [{ order: "changed", limit: 2, after: "con_4" }, ["2", "1"]],
        [{ order: "changed", limit: 1, after: "con_3" }, ["5"]],
        [{ tenantId: "ten_other" }, []],
      ];
      for (const [filter, wanted] of cases) expect([filter, await found(stage, filter)]).toEqual([filter, wanted]);
    });

    test("shows those of a suspended client as suspended by it, while it is", async () => {
      const stage = await open(kind);
      await stage.clients.suspend("cli_1", { cause: "client_disabled", code: "unauthorized_client", probeAt: 0 });
      const cases: [Partial<ConnectionQuery>, string[]][] = [
        [{ status: "suspended" }, ["1", "2", "4"]],
        [{ cause: "client_disabled" }, ["1", "2", "4"]],
        [{ status: "active" }, ["5"]],
        [{ status: "degraded" }, []],
        [{ cause: "scope_insufficient" }, []],
        [{ cause: "revoked_by_user" }, ["3"]],
      ];
      for (const [filter, wanted] of cases) {
        const listed = await stage.connections.list({ ...QUERY, ...filter });
        expect([filter, listed.map(({ id }) => id.slice(4))]).toEqual([filter, wanted]);
        for (const { status, diagnosis } of listed) {
          expect([filter.status ?? status, filter.cause ?? diagnosis?.cause]).toEqual([status, diagnosis?.cause]);
        }
      }
      const overview = createOverviewStore(stage.database);
      expect(await overview.statuses("default")).toEqual({
        active: 1,
        degraded: 0,
        suspended: 3,
        reauthorization_required: 1,
        disconnected: 0,
      });
      expect(await overview.statuses("ten_other")).toMatchObject({ active: 0, suspended: 0 });
    });

    test("is counted by what is due and what ends", async () => {
      const stage = await open(kind);
      const overview = createOverviewStore(stage.database);
      expect(await overview.backlog("default")).toEqual({ count: 0, oldestMs: 0 });
      await stage.clock.advance(90_000);
      expect(await overview.backlog("default")).toEqual({ count: 4, oldestMs: 31_000 });
      expect(await overview.backlog("ten_other")).toEqual({ count: 0, oldestMs: 0 });
      await stage.clients.suspend("cli_1", { cause: "client_disabled", code: "x", probeAt: 0 });
      expect(await overview.backlog("default")).toMatchObject({ count: 1 });
      const range = { tenantId: "default", from: 0, to: stage.clock.now(), limit: 2 };
      const clientIds = ["cli_1", "cli_2"];
      expect(await overview.consented({ ...range, clientIds: [] })).toEqual([]);
      expect(await overview.consented({ ...range, clientIds, tenantId: "ten_other" })).toEqual([]);
      expect(await overview.ending({ ...range, clientIds, from: stage.clock.now() * 2 })).toEqual([]);
      expect(await overview.instances()).toBe(0);
      await stage.beat("ins_1");
      expect(await overview.instances()).toBe(1);
    });
  });
}
