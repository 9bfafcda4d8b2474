import { describe, expect, test } from "vitest";
import type { Diagnosis } from "../../src/connection/cause.ts";
import type { Claim } from "../../src/connection/claim.ts";
import type { Rejection } from "../../src/connection/store.ts";
import { HOUR, MINUTE } from "../../src/runtime/clock.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { AT_REST, commitOf, openStoreStage, tokenRecord, type StoreStage } from "../stage/store-stage.ts";
import { clientAt, newConnection } from "../stage/world.ts";

const ID = "con_1";
const DIAGNOSIS: Diagnosis = { cause: "unknown", confidence: "possible", evidence: { code: "invalid_grant" } };
const HISTORY = { kind: "reauthorization_required", generation: 1, detail: { code: "invalid_grant" } } as const;
const WINDOW = 5 * MINUTE;
const PATIENCE = HOUR;
/** Backs off for no time, so that the next claim is granted. */
const BRAKE = { windowMs: WINDOW, tolerated: 1, patienceMs: PATIENCE, backoffMs: 0 };
const AT_ONCE = { ...BRAKE, tolerated: 0 };

interface BrakeStage extends StoreStage {
  /** Claims the connection and has it rejected; a braked one is tried again at once. One rejection of a client is tolerated. */
  reject(id: string, changes?: Partial<Omit<Rejection, "claim">>): Promise<string>;
}

/** Connections `con_1` to `con_9` of one client. */
async function openBrakeStage(kind: DatabaseKind): Promise<BrakeStage> {
  const stage = await openStoreStage(kind);
  for (let n = 1; n <= 9; n++) await stage.create(`con_${n}`);
  return {
    ...stage,
    reject: async (id, changes = {}) => stage.connections.reject({ ...rejection(await stage.claim(id)), ...changes }),
  };
}

/** The rejection of `con_1` is held. */
async function openHeld(kind: DatabaseKind): Promise<BrakeStage> {
  const stage = await openBrakeStage(kind);
  expect(await stage.reject(ID, { brake: AT_ONCE })).toBe("braked");
  return stage;
}

/** Does the rejection of `con_1` neither weigh on it nor on the next one of the client? */
async function isForgotten(stage: BrakeStage): Promise<boolean> {
  expect(await stage.lease(ID)).toMatchObject({ rejectedAt: null, failures: 0, backoffUntil: 0, cause: null });
  return (await stage.reject("con_2")) === "ended";
}

function rejection(claim: Claim): Rejection {
  return { claim, diagnosis: DIAGNOSIS, history: HISTORY, confirmAfterMs: null, brake: BRAKE };
}

/** What every database has to make of a rejection of the newest refresh token. */
export function connectionRejectionsContract(kind: DatabaseKind): void {
  describe(`a rejection on ${kind.name}`, () => {
    test("ends the connection, clears what was due, and keeps the token set", async () => {
      const stage = await openBrakeStage(kind);
      await stage.clock.advance(5000);
      const before = await stage.held(ID);
      expect(await stage.reject(ID)).toBe("ended");
      const ended = {
        status: "reauthorization_required",
        diagnosis: DIAGNOSIS,
        statusSince: stage.clock.now(),
      };
      expect(await stage.held(ID)).toEqual({
        connection: { ...before.connection, ...ended },
        tokens: tokenRecord(1),
        lease: { ...AT_REST, epoch: 1 },
        hasBetterSpare: false,
        clientProbeAt: null,
      });
      const entry = { ...HISTORY, id: expect.any(Number), at: stage.clock.now() };
      expect(await stage.connections.history(ID, { limit: 1, before: null })).toEqual([entry]);
    });

    test("that ends a connection whose rejection was held before leaves nothing of that", async () => {
      const stage = await openBrakeStage(kind);
      expect(await stage.reject(ID, { brake: AT_ONCE })).toBe("braked");
      expect(await stage.reject(ID)).toBe("ended");
      expect(await stage.lease(ID)).toEqual({ ...AT_REST, epoch: 2 });
    });
  });

  describe(`a rejection that has to be said again on ${kind.name}`, () => {
    const UNBRAKED = { ...BRAKE, tolerated: 9 };
    const CONFIRMED = { confirmAfterMs: 5 * MINUTE, brake: UNBRAKED };

    test("is noted, and asked about again when the time is over", async () => {
      const stage = await openBrakeStage(kind);
      expect(await stage.reject(ID, CONFIRMED)).toBe("unconfirmed");
      const { connection, lease } = await stage.held(ID);
      expect(connection).toMatchObject({ status: "degraded", diagnosis: DIAGNOSIS });
      const until = (lease.rejectedAt ?? 0) + 5 * MINUTE;
      expect(lease).toMatchObject({ owner: null, failures: 1, backoffUntil: until, dueAt: until });
    });

    test("is believed then", async () => {
      const stage = await openBrakeStage(kind);
      await stage.reject(ID, CONFIRMED);
      await stage.clock.advance(5 * MINUTE);
      expect(await stage.reject(ID, CONFIRMED)).toBe("ended");
    });

    test("is forgotten by a token set", async () => {
      const stage = await openBrakeStage(kind);
      await stage.reject(ID, CONFIRMED);
      await stage.clock.advance(5 * MINUTE);
      const claim = await stage.claim(ID);
      await stage.connections.commit(commitOf(ID, 2), claim);
      expect((await stage.held(ID)).connection).toMatchObject({ status: "active", diagnosis: null });
      expect((await stage.lease(ID)).rejectedAt).toBeNull();
    });
  });

  describe(`the brake on ${kind.name}`, () => {
    test("holds a rejection that is one too many: the connection is degraded, and tried again", async () => {
      const stage = await openBrakeStage(kind);
      await stage.reject("con_2");
      await stage.clock.advance(1000);
      const before = await stage.held(ID);
      const backoffUntil = stage.clock.now() + 1234;
      const brake = { ...BRAKE, backoffMs: 1234 };
      expect(await stage.reject(ID, { brake })).toBe("braked");
      const now = stage.clock.now();
      const held = { backoffUntil, dueAt: backoffUntil, failures: 1, cause: "unknown", epoch: 1, rejectedAt: now };
      expect(await stage.held(ID)).toEqual({
        ...before,
        connection: { ...before.connection, status: "degraded", diagnosis: DIAGNOSIS, statusSince: now },
        lease: { ...AT_REST, ...held },
      });
      expect(await stage.connections.history(ID, { limit: 2, before: null })).toMatchObject([
        { kind: "degraded", generation: 1, detail: { cause: "unknown" } },
        { kind: "rejection_held", generation: 1, detail: { code: "invalid_grant" } },
      ]);
    });

    test("lets a client have as many rejections as are tolerated", async () => {
      const stage = await openBrakeStage(kind);
      const brake = { ...BRAKE, tolerated: 3 };
      const results: string[] = [];
      for (let n = 1; n <= 5; n++) results.push(await stage.reject(`con_${n}`, { brake }));
      expect(results).toEqual(["ended", "ended", "ended", "braked", "braked"]);
    });

    test("counts only what was rejected within its window", async () => {
      const stage = await openBrakeStage(kind);
      await stage.reject("con_2");
      await stage.clock.advance(WINDOW - 1);
      expect(await stage.reject("con_3")).toBe("braked");
      await stage.clock.advance(1);
      await stage.connections.commit(commitOf("con_3", 2), await stage.claim("con_3"));
      expect(await stage.reject("con_4")).toBe("ended");
    });

    test("stays on while it holds another one, however long ago that was rejected", async () => {
      const stage = await openBrakeStage(kind);
      await stage.reject(ID, { brake: AT_ONCE });
      await stage.clock.advance(10 * WINDOW);
      expect(await stage.reject("con_2")).toBe("braked");
      await stage.connections.commit(commitOf(ID, 2), await stage.claim(ID));
      await stage.clock.advance(WINDOW);
      expect(await stage.reject("con_2")).toBe("ended");
      await stage.clock.advance(WINDOW);
      expect(await stage.reject("con_3")).toBe("ended");
    });

    test("counts only the same client", async () => {
      const stage = await openBrakeStage(kind);
      await stage.clients.create(clientAt("provider", "cli_2"), null);
      const other = newConnection("con_other", { id: "cli_2", providerId: "provider" });
      await stage.create(other.id, other);
      await stage.reject("con_2");
      expect(await stage.reject(other.id)).toBe("ended");
      expect(await stage.reject(ID)).toBe("braked");
    });

    test("counts a connection once, however often it is rejected", async () => {
      const stage = await openBrakeStage(kind);
      for (let times = 0; times < 3; times++) expect(await stage.reject(ID, { brake: AT_ONCE })).toBe("braked");
      expect(await stage.reject(ID)).toBe("ended");
    });

    test("counts the last rejection of a connection that is held", async () => {
      const stage = await openBrakeStage(kind);
      await stage.reject(ID, { brake: AT_ONCE });
      await stage.clock.advance(WINDOW);
      await stage.reject(ID, { brake: AT_ONCE });
      await stage.clock.advance(WINDOW - 1);
      expect(await stage.reject("con_2")).toBe("braked");
    });

    test("notes a rejection that it goes on holding, and tells of it once", async () => {
      const stage = await openBrakeStage(kind);
      const rejectedAt = stage.clock.now();
      await stage.reject("con_2");
      await stage.reject(ID);
      const { connection } = await stage.held(ID);
      await stage.clock.advance(1000);
      const diagnosis: Diagnosis = { ...DIAGNOSIS, cause: "rotation_lost" };
      const backoffUntil = stage.clock.now();
      expect(await stage.reject(ID, { diagnosis, brake: BRAKE })).toBe("braked");
      const lease = { failures: 2, cause: "rotation_lost", rejectedAt, backoffUntil, dueAt: backoffUntil, owner: null };
      expect(await stage.held(ID)).toMatchObject({ connection: { ...connection, diagnosis }, lease });
      expect(await stage.kindsOf(ID)).toEqual(["connected", "rejection_held", "degraded"]);
    });

    test("believes a rejection that stays one beyond all patience", async () => {
      const stage = await openBrakeStage(kind);
      await stage.reject("con_2");
      await stage.reject(ID);
      await stage.clock.advance(PATIENCE - 1);
      expect(await stage.reject(ID, { brake: AT_ONCE })).toBe("braked");
      await stage.clock.advance(1);
      expect(await stage.reject(ID, { brake: AT_ONCE })).toBe("ended");
      expect(await stage.kindsOf(ID)).toEqual(["connected", "rejection_held", "degraded", "reauthorization_required"]);
    });

    test("holds a connection that is degraded already, and tells it the newer reason", async () => {
      const stage = await openStoreStage(kind);
      await stage.create(ID, { status: "degraded" });
      const claim = await stage.claim(ID);
      const { connection } = await stage.held(ID);
      await stage.clock.advance(1000);
      await stage.connections.reject({ ...rejection(claim), brake: AT_ONCE });
      expect((await stage.held(ID)).connection).toEqual({ ...connection, diagnosis: DIAGNOSIS });
      expect(await stage.kindsOf(ID)).toEqual(["connected", "rejection_held"]);
    });

    test("makes due what is never due by itself, because its rejection is to be settled", async () => {
      const stage = await openStoreStage(kind);
      await stage.create(ID, {}, { dueAt: null });
      const claim = await stage.claim(ID);
      await stage.connections.reject({ ...rejection(claim), brake: AT_ONCE });
      expect((await stage.lease(ID)).dueAt).toBe(stage.clock.now());
    });
  });

  describe(`a rejection that was held on ${kind.name} is forgotten, and counts no more,`, () => {
    test("when a refresh works", async () => {
      const stage = await openHeld(kind);
      await stage.connections.commit(commitOf(ID, 2), await stage.claim(ID));
      expect(await isForgotten(stage)).toBe(true);
      expect(await stage.kindsOf(ID)).toEqual(["connected", "rejection_held", "degraded", "refreshed", "recovered"]);
    });

    test("when a newer token set is recovered", async () => {
      const stage = await openHeld(kind);
      await stage.connections.recover(commitOf(ID, 2));
      expect(await isForgotten(stage)).toBe(true);
    });

    test("when a person consents anew", async () => {
      const stage = await openHeld(kind);
      const { connection } = await stage.held(ID);
      await stage.connections.reauthorize(commitOf(ID, 2), connection);
      expect(await isForgotten(stage)).toBe(true);
    });
  });

  test(`a rejection that was held on ${kind.name} is remembered when a spare is tried, so that patience ends`, async () => {
    const stage = await openBrakeStage(kind);
    const rejectedAt = stage.clock.now();
    await stage.connections.setAside(ID, tokenRecord(2, 1), null);
    await stage.reject(ID, { brake: AT_ONCE });
    await stage.clock.advance(PATIENCE);
    const [spare] = await stage.connections.spares(ID);
    await stage.connections.promote(spare ?? { id: 0, tokens: tokenRecord(2) }, commitOf(ID, 2));
    expect((await stage.lease(ID)).rejectedAt).toBe(rejectedAt);
    const claim = await stage.claim(ID, { generation: 2 });
    expect(await stage.connections.reject({ ...rejection(claim), brake: AT_ONCE })).toBe("ended");
  });
}
