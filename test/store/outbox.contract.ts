import { describe, expect, test } from "vitest";
import type { Diagnosis } from "../../src/connection/cause.ts";
import type { Consent } from "../../src/connection/store.ts";
import { MINUTE } from "../../src/runtime/clock.ts";
import { createOutboxStore } from "../../src/store/outbox.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { commitOf, openStoreStage, tokenRecord, type StoreStage } from "../stage/store-stage.ts";

const ID = "con_1";
const OUTAGE: Diagnosis = { cause: "provider_unavailable", confidence: "certain", evidence: {} };

const CONSENT: Consent = {
  clientId: "cli_1",
  account: null,
  requestedScopes: [],
  grantedScopes: [],
  status: "active",
  diagnosis: null,
  consentedAt: 1,
  lastProvenAt: 1,
};

async function fail(stage: StoreStage): Promise<void> {
  const failed = { answered: true, backoffMs: 0, diagnosis: OUTAGE, degrade: true, history: null };
  await stage.connections.postpone({ claim: await stage.claim(ID), ...failed });
}

function end({ connections }: StoreStage, generation = 1) {
  const status = "reauthorization_required";
  const history = { kind: status, generation, detail: { cause: "unknown" } } as const;
  return connections.setStatus({ connectionId: ID, generation, status, diagnosis: OUTAGE, history });
}

/** All there is, whether it was passed on or is held. */
async function typesOf({ database }: StoreStage): Promise<string[]> {
  const rows = await database.read((queries) =>
    queries.selectFrom("outbox").select("type").orderBy("number").execute(),
  );
  return rows.map(({ type }) => type);
}

async function passOnAll({ database }: StoreStage): Promise<void> {
  await database.write((queries) => queries.updateTable("outbox").set({ passed_on_at: 1 }).execute());
}

async function pendingTypes(stage: StoreStage): Promise<string[]> {
  return (await pendingOf(stage)).map(({ type }) => type);
}

async function pendingOf({ database }: StoreStage, limit = 100) {
  return createOutboxStore(database).pending(limit);
}

/** What every database has to put into the outbox. */
export function outboxContract(kind: DatabaseKind): void {
  describe(`the outbox on ${kind.name}`, () => {
    test("has each change of a connection once, in its order, and no success of every day", async () => {
      const stage = await openStoreStage(kind);
      await stage.create(ID);
      await fail(stage);
      await fail(stage);
      await passOnAll(stage);
      await stage.connections.commit(commitOf(ID, 2), await stage.claim(ID));
      await stage.connections.commit(commitOf(ID, 3), await stage.claim(ID, { generation: 2 }));
      await end(stage, 3);
      await end(stage, 3);
      await passOnAll(stage);
      await stage.connections.disconnect(ID, { kind: "disconnected", generation: 3, detail: {} });
      expect(await typesOf(stage)).toEqual([
        "connection.created",
        "connection.degraded",
        "connection.recovered",
        "connection.reauthorization_required",
        "connection.disconnected",
      ]);
    });

    test("holds what may pass, and tells nobody when it did", async () => {
      const stage = await openStoreStage(kind);
      await stage.create(ID);
      await fail(stage);
      expect(await pendingTypes(stage)).toEqual(["connection.created"]);
      await stage.clock.advance(5 * MINUTE - 1);
      expect(await pendingTypes(stage)).toEqual(["connection.created"]);
      await stage.clock.advance(1);
      expect(await pendingTypes(stage)).toEqual(["connection.created", "connection.degraded"]);
      await stage.connections.commit(commitOf(ID, 2), await stage.claim(ID));
      expect(await typesOf(stage)).toEqual(["connection.created"]);
    });

    test("says that it works again to whoever heard that it did not, whatever was held since", async () => {
      const stage = await openStoreStage(kind);
      await stage.create(ID);
      await fail(stage);
      await passOnAll(stage);
      await end(stage);
      const history = [{ kind: "reauthorized", generation: 2, detail: { was: "reauthorization_required" } } as const];
      await stage.connections.reauthorize({ ...commitOf(ID, 2), history }, CONSENT);
      expect(await typesOf(stage)).toEqual(["connection.created", "connection.degraded", "connection.recovered"]);
    });

    test("says the end instead of what came before it and is still held", async () => {
      const stage = await openStoreStage(kind);
      await stage.create(ID);
      await fail(stage);
      await end(stage);
      await stage.clock.advance(MINUTE);
      expect(await pendingTypes(stage)).toEqual(["connection.created", "connection.reauthorization_required"]);
    });

    test("says of which connection, client and tenant an event is, and nothing of who that is", async () => {
      const stage = await openStoreStage(kind);
      await stage.clock.advance(5000);
      const history = { kind: "connected", generation: 1, detail: { account: "ada@example.com", was: "new" } } as const;
      await stage.create(ID, {}, { history });
      const [event] = await pendingOf(stage);
      expect(event).toEqual({
        id: expect.stringMatching(/^evt_[0-9a-f]{32}$/),
        number: expect.any(Number),
        at: stage.clock.now(),
        type: "connection.created",
        tenantId: "default",
        connectionId: ID,
        clientId: "cli_1",
        incidentId: null,
        detail: { was: "new" },
      });
    });

    test("gives the oldest first, each with an id of its own", async () => {
      const stage = await openStoreStage(kind);
      for (let n = 1; n <= 5; n++) await stage.create(`con_${n}`);
      const events = await pendingOf(stage, 3);
      expect(events.map(({ connectionId }) => connectionId)).toEqual(["con_1", "con_2", "con_3"]);
      expect(new Set(events.map(({ id }) => id)).size).toBe(3);
    });

    test("forgets an import that is taken back", async () => {
      const stage = await openStoreStage(kind);
      await stage.create(ID, { seed: "seed", lastProvenAt: null });
      await stage.connections.setAside(ID, tokenRecord(1, 1), null);
      await end(stage);
      await stage.connections.discard(ID);
      expect(await pendingOf(stage)).toEqual([]);
    });

    test("has nothing of what is repeated because an answer was lost", async () => {
      const stage = await openStoreStage(kind);
      await stage.create(ID);
      await stage.create(ID);
      expect(await pendingOf(stage)).toHaveLength(1);
    });
  });
}
