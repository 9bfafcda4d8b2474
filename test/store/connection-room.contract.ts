import { describe, expect, test } from "vitest";
import type { DueRequest } from "../../src/connection/claim.ts";
import { SILENCE } from "../../src/refresh/instances.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { dueRequest, openStoreStage, type StoreStage } from "../stage/store-stage.ts";
import { clientAt } from "../stage/world.ts";

/** Connections that are all due, in this order: `con_0` of `cli_1`, `con_1` of `cli_2`, `con_2` of `cli_3`, and so on to `con_8`. */
async function openMixed(kind: DatabaseKind): Promise<StoreStage> {
  const stage = await openStoreStage(kind);
  for (const id of ["cli_2", "cli_3"]) await stage.clients.create(clientAt("provider", id), null);
  for (let n = 0; n < 9; n++) await stage.create(`con_${n}`, { clientId: `cli_${1 + (n % 3)}` }, { dueAt: n });
  return stage;
}

/** More that is due than is looked at in one go; the longest due first. */
const BACKLOG = Array.from({ length: 1010 }, (_, n) => `con_${`${n}`.padStart(4, "0")}`);

async function openBacklog(kind: DatabaseKind): Promise<StoreStage> {
  const stage = await openStoreStage(kind);
  const [first = "", ...others] = BACKLOG;
  await stage.create(first, {}, { dueAt: 0 });
  await stage.database.write(async (queries) => {
    const row = await queries.selectFrom("connections").selectAll().executeTakeFirstOrThrow();
    // Without what the database computes from the rest.
    const { own_status: _status, own_cause: _cause, search_text: _text, ...connection } = row;
    await queries
      .insertInto("connections")
      .values(others.map((id) => ({ ...connection, id })))
      .execute();
    const tokens = await queries.selectFrom("token_sets").selectAll().executeTakeFirstOrThrow();
    await queries
      .insertInto("token_sets")
      .values(others.map((id) => ({ ...tokens, connection_id: id })))
      .execute();
    const lease = await queries.selectFrom("refresh_leases").selectAll().executeTakeFirstOrThrow();
    await queries
      .insertInto("refresh_leases")
      .values(others.map((id, i) => ({ ...lease, connection_id: id, due_at: i + 1 })))
      .execute();
  });
  return stage;
}

async function claimIds({ connections }: StoreStage, changes: Partial<DueRequest>): Promise<string[]> {
  const claimed = await connections.claimDue(dueRequest(changes));
  return claimed.map(({ claim }) => claim.connectionId);
}

function room(otherwise: number, byClient: Record<string, number> = {}) {
  return { room: { otherwise, byClient: new Map(Object.entries(byClient)) } };
}

/** How many of each client every database claims, and where it begins when there is more than it looks at. */
export function connectionRoomContract(kind: DatabaseKind): void {
  describe(`claiming what there is room for on ${kind.name}`, () => {
    test("takes of each client as many as there is room for, the longest due first", async () => {
      const stage = await openMixed(kind);
      const ids = await claimIds(stage, room(1, { cli_2: 2, cli_3: 0 }));
      expect(ids).toEqual(["con_0", "con_1", "con_4"]);
      expect(await claimIds(stage, room(100))).toEqual(["con_2", "con_3", "con_5", "con_6", "con_7", "con_8"]);
      expect(await claimIds(stage, room(100))).toEqual([]);
    });

    test("takes no more than it is asked for, and looks past those for which there is no room", async () => {
      const stage = await openMixed(kind);
      expect(await claimIds(stage, { limit: 3, ...room(2, { cli_1: 0 }) })).toEqual(["con_1", "con_2", "con_4"]);
      expect(await claimIds(stage, { limit: 3, exceptClients: ["cli_3"], ...room(1) })).toEqual(["con_0", "con_7"]);
    });

    test("takes nothing when there is room for nothing", async () => {
      const stage = await openMixed(kind);
      expect(await claimIds(stage, room(0))).toEqual([]);
      expect((await stage.lease("con_0")).owner).toBeNull();
    });

    test("grants what a claim grants", async () => {
      const stage = await openMixed(kind);
      const [claimed] = await stage.connections.claimDue(dueRequest({ limit: 1, ...room(1) }));
      const claim = { connectionId: "con_0", generation: 1, owner: "ins_a", epoch: 1, earlier: null };
      expect(claimed).toEqual({ claim, held: await stage.held("con_0") });
    });

    test("takes nothing twice, though several claim at once", async () => {
      const stage = await openMixed(kind);
      const owners = ["ins_a", "ins_b", "ins_c", "ins_d"];
      const claims = await Promise.all(owners.map((owner) => claimIds(stage, { owner, ...room(2) })));
      const ids = claims.flat();
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids).toContain("con_0");
    });
  });

  describe(`a backlog on ${kind.name}`, () => {
    test("is taken up by each instance in another place, until the rest of it is looked at in one go", async () => {
      const stage = await openBacklog(kind);
      const starts: number[] = [];
      for (const owner of ["ins_a", "ins_b", "ins_c"]) {
        const ids = await claimIds(stage, { owner, limit: 5, ...room(100) });
        const start = BACKLOG.indexOf(ids[0] ?? "");
        expect(ids).toEqual(BACKLOG.slice(start, start + 5));
        starts.push(start);
      }
      expect(new Set(starts).size).toBe(3);
      const [first] = await claimIds(stage, { owner: "ins_a", limit: 5, ...room(100) });
      expect(first).toBe("con_0000");
    });

    test("is taken up all round, by who has room for that much", async () => {
      const stage = await openBacklog(kind);
      const ids = await claimIds(stage, { limit: 1000, ...room(1000) });
      expect(ids).toEqual(BACKLOG.slice(0, 1000));
    });

    test("is taken from the front without regard to room", async () => {
      const stage = await openBacklog(kind);
      expect(await claimIds(stage, { limit: 5 })).toEqual(BACKLOG.slice(0, 5));
    });
  });

  test(`a claim of what is due is a sign of life on ${kind.name}`, async () => {
    const stage = await openMixed(kind);
    await stage.beat("ins_a");
    await stage.clock.advance(SILENCE);
    expect(await claimIds(stage, { limit: 1, ...room(5) })).toEqual(["con_0"]);
    expect(await stage.connections.orphans(10)).toEqual([]);
    await stage.clock.advance(SILENCE);
    expect(await stage.connections.orphans(10)).toEqual(["con_0"]);
  });
}
