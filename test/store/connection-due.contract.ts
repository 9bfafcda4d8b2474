import { describe, expect, test } from "vitest";
import type { DueRequest } from "../../src/connection/claim.ts";
import { SILENCE } from "../../src/refresh/instances.ts";
import { MINUTE } from "../../src/runtime/clock.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { commitOf, dueRequest, openStoreStage, type StoreStage } from "../stage/store-stage.ts";
import { clientAt } from "../stage/world.ts";

async function claimIds({ connections }: StoreStage, changes: Partial<DueRequest> = {}): Promise<string[]> {
  const claimed = await connections.claimDue(dueRequest(changes));
  return claimed.map(({ claim }) => claim.connectionId);
}

async function openWithDue(kind: DatabaseKind, ...ids: string[]): Promise<StoreStage> {
  const stage = await openStoreStage(kind);
  for (const [i, id] of ids.entries()) await stage.create(id, {}, { dueAt: i });
  return stage;
}

/** `con_1` to `con_3`, all due, each of another client. */
async function openWithClients(kind: DatabaseKind): Promise<StoreStage> {
  const stage = await openStoreStage(kind);
  for (const id of ["cli_2", "cli_3"]) await stage.clients.create(clientAt("provider", id), null);
  for (const n of [1, 2, 3]) await stage.create(`con_${n}`, { clientId: `cli_${n}` }, { dueAt: n });
  return stage;
}

/** An attempt that decided nothing and is made again after `backoffMs`. */
async function fail(stage: StoreStage, id: string, { answered = true, backoffMs = 0 }): Promise<void> {
  await stage.connections.postpone({
    claim: await stage.claim(id),
    answered,
    degrade: false,
    history: null,
    backoffMs,
    diagnosis: { cause: "provider_unavailable", confidence: "certain", evidence: {} },
  });
}

/** Which connections every database finds due. */
export function connectionDueContract(kind: DatabaseKind): void {
  describe(`claiming what is due on ${kind.name}`, () => {
    test("takes what has come to its time, the longest due first", async () => {
      const stage = await openStoreStage(kind);
      const now = stage.clock.now();
      const times = { con_1: now + 1000, con_2: now, con_3: now + 1001, con_4: now - 5, con_5: null, con_6: now - 1 };
      for (const [id, dueAt] of Object.entries(times)) await stage.create(id, {}, { dueAt });
      expect(await claimIds(stage)).toEqual(["con_4", "con_6", "con_2"]);
      await stage.clock.advance(999);
      expect(await claimIds(stage)).toEqual([]);
      await stage.clock.advance(1);
      expect(await claimIds(stage)).toEqual(["con_1"]);
    });

    test("takes no more than it is asked for", async () => {
      const stage = await openWithDue(kind, "con_3", "con_1", "con_2");
      expect(await claimIds(stage, { limit: 2 })).toEqual(["con_3", "con_1"]);
      expect(await claimIds(stage, { limit: 2 })).toEqual(["con_2"]);
    });

    test("grants what a claim grants, and shows each connection as it is then", async () => {
      const stage = await openWithDue(kind, "con_1", "con_2");
      await stage.create("con_3");
      const before = await stage.held("con_1");
      const now = stage.clock.now();
      const claimed = await stage.connections.claimDue(dueRequest({ owner: "ins_b", leaseMs: 1234 }));
      const held = [await stage.held("con_1"), await stage.held("con_2")];
      const claim = { connectionId: "con_1", generation: 1, owner: "ins_b", epoch: 1, earlier: null };
      expect(claimed).toEqual([
        { claim, held: held[0] },
        { claim: { ...claim, connectionId: "con_2" }, held: held[1] },
      ]);
      const taken = { epoch: 1, owner: "ins_b", leaseUntil: now + 1234 };
      const intent = { attemptGeneration: 1, attemptAt: now, unanswered: 1 };
      expect(held[0]).toEqual({ ...before, lease: { ...before.lease, ...taken, ...intent } });
      expect((await stage.lease("con_3")).owner).toBeNull();
    });

    test("grants the newest generation, and counts the claims on", async () => {
      const stage = await openWithDue(kind, "con_1");
      await stage.connections.commit(commitOf("con_1", 2), await stage.claim("con_1"));
      const [claimed] = await stage.connections.claimDue(dueRequest());
      expect(claimed?.claim).toMatchObject({ generation: 2, epoch: 2, earlier: null });
      expect(claimed?.held.tokens.generation).toBe(2);
    });

    test("leaves what somebody holds, though its lease be over and its owner silent", async () => {
      const stage = await openWithDue(kind, "con_1", "con_2");
      await stage.claim("con_1");
      await stage.clock.advance(2 * MINUTE);
      expect(await claimIds(stage)).toEqual(["con_2"]);
      expect(await claimIds(stage)).toEqual([]);
    });

    test("takes what was given back as before, and not what was given back for later", async () => {
      const stage = await openWithDue(kind, "con_1", "con_2", "con_3");
      const claimed = await stage.connections.claimDue(dueRequest());
      const dueAts = [undefined, stage.clock.now() + 1, null];
      for (const [i, { claim }] of claimed.entries()) {
        await stage.connections.release({ claim, answered: true }, dueAts[i]);
      }
      expect(await claimIds(stage)).toEqual(["con_1"]);
      await stage.clock.advance(1);
      expect(await claimIds(stage)).toEqual(["con_2"]);
    });

    test("takes what failed when its back-off is over", async () => {
      const stage = await openWithDue(kind, "con_1");
      await fail(stage, "con_1", { backoffMs: 1000 });
      await stage.clock.advance(999);
      expect(await claimIds(stage)).toEqual([]);
      await stage.clock.advance(1);
      expect(await claimIds(stage)).toEqual(["con_1"]);
    });

    test("leaves what backs off, though it be due", async () => {
      const stage = await openWithDue(kind, "con_1");
      await stage.database.write(async (queries) => {
        await queries
          .updateTable("refresh_leases")
          .set({ backoff_until: stage.clock.now() + 1 })
          .execute();
      });
      expect(await claimIds(stage)).toEqual([]);
      await stage.clock.advance(1);
      expect(await claimIds(stage)).toEqual(["con_1"]);
    });

    test("leaves what is over", async () => {
      const stage = await openWithDue(kind, "con_1", "con_2", "con_3");
      await stage.connections.disconnect("con_1", { kind: "disconnected", generation: 1, detail: {} });
      const history = { kind: "reauthorization_required", generation: 1, detail: {} } as const;
      const status = "reauthorization_required";
      await stage.connections.setStatus({ connectionId: "con_2", generation: 1, status, diagnosis: null, history });
      expect(await claimIds(stage)).toEqual(["con_3"]);
    });

    test("tells of earlier sends without an answer, and only of those", async () => {
      const stage = await openWithDue(kind, "con_1", "con_2", "con_3");
      const firstAt = stage.clock.now();
      await fail(stage, "con_1", { answered: false, backoffMs: 1 });
      await fail(stage, "con_2", { answered: true, backoffMs: 2 });
      await stage.clock.advance(10);
      const now = stage.clock.now();
      const claimed = await stage.connections.claimDue(dueRequest());
      expect(claimed.map(({ claim, held }) => [claim.connectionId, claim.earlier, held.lease.attemptAt])).toEqual([
        ["con_3", null, now],
        ["con_1", { count: 1, firstAt }, firstAt],
        ["con_2", null, now],
      ]);
      expect(await stage.lease("con_1")).toMatchObject({ unanswered: 2 });
      expect(await stage.lease("con_2")).toMatchObject({ unanswered: 1 });
    });

    test("counts sends of another generation for nothing", async () => {
      const stage = await openWithDue(kind, "con_1");
      const noted = { attempt_generation: 0, attempt_at: 1, unanswered: 7 };
      await stage.database.write(async (queries) => {
        await queries.updateTable("refresh_leases").set(noted).execute();
      });
      const [claimed] = await stage.connections.claimDue(dueRequest());
      expect(claimed).toMatchObject({
        claim: { generation: 1, earlier: null },
        held: { lease: { attemptGeneration: 1, attemptAt: stage.clock.now(), unanswered: 1 } },
      });
    });
  });

  describe(`claiming what is due, by client, on ${kind.name}`, () => {
    test("leaves those of the clients that were named", async () => {
      const stage = await openWithClients(kind);
      expect(await claimIds(stage, { exceptClients: ["cli_1", "cli_3"] })).toEqual(["con_2"]);
      expect(await claimIds(stage, { exceptClients: ["cli_3", "cli_none"] })).toEqual(["con_1"]);
      expect(await claimIds(stage, { exceptClients: [] })).toEqual(["con_3"]);
    });

    test("leaves those of a suspended client until it may be asked again, and takes them once it has resumed", async () => {
      const stage = await openWithClients(kind);
      const probeAt = stage.clock.now() + 1000;
      const suspension = { cause: "client_secret_rejected", code: "invalid_client", probeAt } as const;
      await stage.clients.suspend("cli_1", suspension);
      await stage.clients.suspend("cli_2", suspension);
      expect(await claimIds(stage)).toEqual(["con_3"]);
      await stage.clock.advance(999);
      expect(await claimIds(stage)).toEqual([]);
      await stage.clock.advance(1);
      await stage.clients.claimProbe("cli_2", stage.clock.now() + 1000);
      expect(await claimIds(stage)).toEqual(["con_1"]);
      await stage.clients.resume("cli_2");
      expect(await claimIds(stage)).toEqual(["con_2"]);
    });
  });

  test(`nothing is claimed on ${kind.name} while a living instance has not compared its journal with the database`, async () => {
    const stage = await openWithDue(kind, "con_1", "con_2", "con_3");
    await stage.beat("ins_a");
    await stage.instances.beat("ins_b", 0);
    await stage.clock.advance(SILENCE - 1);
    expect(await claimIds(stage)).toEqual([]);
    await stage.clock.advance(1);
    await stage.beat("ins_a");
    expect(await claimIds(stage, { limit: 1 })).toEqual(["con_1"]);
    await stage.instances.beat("ins_b", 0);
    expect(await claimIds(stage, { limit: 1 })).toEqual([]);
    await stage.beat("ins_b");
    expect(await claimIds(stage, { limit: 1 })).toEqual(["con_2"]);
    await stage.instances.beat("ins_b", 0);
    await stage.instances.leave("ins_b");
    expect(await claimIds(stage, { limit: 1 })).toEqual(["con_3"]);
  });
}
