import { describe, expect, test } from "vitest";
import type { Diagnosis } from "../../src/connection/cause.ts";
import type { Consent, Postponement } from "../../src/connection/store.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { openStoreStage, tokenRecord, type StoreStage } from "../stage/store-stage.ts";

const ID = "con_1";
const OUTAGE: Diagnosis = { cause: "provider_unavailable", confidence: "certain", evidence: { code: "http_503" } };
const ENDED: Diagnosis = { cause: "unknown", confidence: "possible", evidence: {} };
const AT_REST = { dueAt: null, backoffUntil: 0, failures: 0, cause: null, attemptGeneration: null, attemptAt: null };

async function openWithConnection(kind: DatabaseKind): Promise<StoreStage> {
  const stage = await openStoreStage(kind);
  await stage.create(ID);
  await stage.clock.advance(5000);
  return stage;
}

function commitOf(generation: number, dueAt: number | null = 7) {
  const history = [{ kind: "refreshed", generation, detail: {} } as const];
  return { connectionId: ID, tokens: tokenRecord(generation), dueAt, history };
}

function postponement(changes: Partial<Postponement> = {}): Postponement {
  return {
    connectionId: ID,
    generation: 1,
    answered: true,
    backoffUntil: 99,
    diagnosis: OUTAGE,
    degrade: false,
    history: { kind: "refresh_failed", generation: 1, detail: {} },
    ...changes,
  };
}

function ending(generation: number) {
  const history = { kind: "reauthorization_required", generation, detail: {} } as const;
  return { connectionId: ID, generation, status: "reauthorization_required", diagnosis: ENDED, history } as const;
}

async function kindsOf({ connections }: StoreStage): Promise<string[]> {
  const entries = await connections.history(ID, { limit: 100, before: null });
  return entries.map(({ kind }) => kind).toReversed();
}

/** What every database has to make of the steps of a refresh, each a compare-and-set on the generation. */
export function connectionTransitionsContract(kind: DatabaseKind): void {
  describe(`claiming on ${kind.name}`, () => {
    test("notes the attempt and its time, and nothing else", async () => {
      const stage = await openWithConnection(kind);
      const before = await stage.held(ID);
      expect(await stage.connections.claim(ID, 1)).toBe("claimed");
      const attempt = { attemptGeneration: 1, attemptAt: stage.clock.now() };
      expect(await stage.held(ID)).toEqual({ ...before, lease: { ...before.lease, ...attempt } });
    });

    test("keeps the time of an attempt that was not answered", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.claim(ID, 1);
      const attemptAt = stage.clock.now();
      await stage.clock.advance(5000);
      expect(await stage.connections.claim(ID, 1)).toBe("claimed");
      expect((await stage.held(ID)).lease).toMatchObject({ attemptGeneration: 1, attemptAt });
    });

    test("notes a new time once the attempt before was answered", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.claim(ID, 1);
      await stage.connections.release({ connectionId: ID, generation: 1, answered: true });
      await stage.clock.advance(5000);
      await stage.connections.claim(ID, 1);
      expect((await stage.held(ID)).lease.attemptAt).toBe(stage.clock.now());
    });

    test.each([0, 2])("of generation %d is refused when the first is current", async (generation) => {
      const stage = await openWithConnection(kind);
      const before = await stage.held(ID);
      expect(await stage.connections.claim(ID, generation)).toBe("moved");
      expect(await stage.held(ID)).toEqual(before);
    });

    test("of what is not there is refused", async () => {
      const { connections } = await openWithConnection(kind);
      expect(await connections.claim("con_none", 1)).toBe("moved");
    });
  });

  describe(`committing on ${kind.name}`, () => {
    test("replaces the token set, ends the attempt and proves the connection", async () => {
      const stage = await openWithConnection(kind);
      const before = await stage.held(ID);
      await stage.connections.claim(ID, 1);
      expect(await stage.connections.commit(commitOf(2))).toBe("committed");
      const { scope: grantedScopes } = tokenRecord(2);
      expect(await stage.held(ID)).toEqual({
        connection: { ...before.connection, grantedScopes, lastProvenAt: stage.clock.now() },
        tokens: tokenRecord(2),
        lease: { ...AT_REST, dueAt: 7 },
        clientProbeAt: null,
      });
      expect(await kindsOf(stage)).toEqual(["connected", "refreshed"]);
    });

    test.each([1, 3])("generation %d over the first is superseded and changes nothing", async (generation) => {
      const stage = await openWithConnection(kind);
      const before = await stage.held(ID);
      expect(await stage.connections.commit(commitOf(generation))).toBe("superseded");
      expect(await stage.held(ID)).toEqual(before);
      expect(await kindsOf(stage)).toEqual(["connected"]);
    });

    test("by many at once lets one win", async () => {
      const stage = await openWithConnection(kind);
      const commits = Array.from({ length: 20 }, (_, i) => stage.connections.commit(commitOf(2, i)));
      const results = await Promise.all(commits);
      expect(results.filter((result) => result === "committed")).toHaveLength(1);
      expect((await stage.held(ID)).lease.dueAt).toBe(results.indexOf("committed"));
      expect(await kindsOf(stage)).toEqual(["connected", "refreshed"]);
    });

    test("ends what was degraded, and notes since when", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.postpone(postponement({ degrade: true }));
      await stage.clock.advance(5000);
      await stage.connections.commit(commitOf(2));
      const { connection, lease } = await stage.held(ID);
      expect(connection).toMatchObject({ status: "active", diagnosis: null, statusSince: stage.clock.now() });
      expect(lease).toEqual({ ...AT_REST, dueAt: 7 });
    });

    test("brings a connection back that was ended while a working token was on its way", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.setStatus(ending(1));
      expect(await stage.connections.commit(commitOf(2))).toBe("committed");
      expect((await stage.held(ID)).connection).toMatchObject({ status: "active", diagnosis: null });
    });

    test("takes nothing back when a part of it is not taken", async () => {
      const stage = await openWithConnection(kind);
      const before = await stage.held(ID);
      const broken = { ...commitOf(2), history: [{ kind: "refreshed", generation: Number.NaN, detail: {} } as const] };
      await expect(stage.connections.commit(broken)).rejects.toThrow(/.+/);
      expect(await stage.held(ID)).toEqual(before);
      expect(await stage.connections.commit(commitOf(2))).toBe("committed");
    });
  });

  describe(`postponing on ${kind.name}`, () => {
    test("counts the failure, notes its cause, and is due when the back-off is over", async () => {
      const stage = await openWithConnection(kind);
      const before = await stage.held(ID);
      await stage.connections.claim(ID, 1);
      await stage.connections.postpone(postponement());
      const lease = { ...AT_REST, dueAt: 99, backoffUntil: 99, failures: 1, cause: "provider_unavailable" };
      expect(await stage.held(ID)).toEqual({ ...before, lease });
      await stage.connections.postpone(postponement({ backoffUntil: 100 }));
      expect((await stage.held(ID)).lease).toMatchObject({ failures: 2, dueAt: 100 });
    });

    test("without an answer keeps the attempt", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.claim(ID, 1);
      const attemptAt = stage.clock.now();
      await stage.connections.postpone(postponement({ answered: false }));
      expect((await stage.held(ID)).lease).toMatchObject({ attemptGeneration: 1, attemptAt, failures: 1 });
    });

    test("what is never due by itself leaves it so", async () => {
      const stage = await openStoreStage(kind);
      await stage.create(ID, {}, { dueAt: null });
      await stage.connections.postpone(postponement());
      expect((await stage.held(ID)).lease).toMatchObject({ dueAt: null, backoffUntil: 99 });
    });

    test("degrades once, in the order in which it happened, and then learns the newest reason", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.postpone(postponement({ degrade: true }));
      const statusSince = stage.clock.now();
      expect((await stage.held(ID)).connection).toMatchObject({ status: "degraded", diagnosis: OUTAGE, statusSince });
      await stage.clock.advance(1000);
      const diagnosis: Diagnosis = { ...OUTAGE, cause: "provider_rate_limited" };
      await stage.connections.postpone(postponement({ degrade: true, diagnosis, history: null }));
      expect((await stage.held(ID)).connection).toMatchObject({ status: "degraded", diagnosis, statusSince });
      expect(await kindsOf(stage)).toEqual(["connected", "refresh_failed", "degraded"]);
    });

    test("of a generation that is no longer current changes nothing", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.commit(commitOf(2));
      const before = await stage.held(ID);
      await stage.connections.postpone(postponement({ degrade: true }));
      expect(await stage.held(ID)).toEqual(before);
      expect(await kindsOf(stage)).toEqual(["connected", "refreshed"]);
    });
  });

  describe(`releasing on ${kind.name}`, () => {
    test.each([
      ["forgets the attempt when it was answered", true, 1, null],
      ["keeps the attempt when it was not", false, 1, 1],
      ["does not touch the attempt of another generation", true, 2, 1],
    ])("%s", async (_, answered, generation, attemptGeneration) => {
      const stage = await openWithConnection(kind);
      await stage.connections.claim(ID, 1);
      const { lease } = await stage.held(ID);
      await stage.connections.release({ connectionId: ID, generation, answered });
      const attemptAt = attemptGeneration === null ? null : lease.attemptAt;
      expect((await stage.held(ID)).lease).toEqual({ ...lease, attemptGeneration, attemptAt });
    });
  });

  describe(`ending on ${kind.name}`, () => {
    test("notes the diagnosis and clears what was due, and keeps the token set", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.claim(ID, 1);
      await stage.connections.postpone(postponement());
      const before = await stage.held(ID);
      expect(await stage.connections.setStatus(ending(1))).toBe("changed");
      const now = { status: "reauthorization_required", diagnosis: ENDED, statusSince: stage.clock.now() };
      expect(await stage.held(ID)).toEqual({
        connection: { ...before.connection, ...now },
        tokens: before.tokens,
        lease: AT_REST,
        clientProbeAt: null,
      });
      expect((await kindsOf(stage)).at(-1)).toBe("reauthorization_required");
    });

    test("by what was said of an older generation does nothing", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.commit(commitOf(2));
      const before = await stage.held(ID);
      expect(await stage.connections.setStatus(ending(1))).toBe("superseded");
      expect(await stage.held(ID)).toEqual(before);
      expect(await kindsOf(stage)).toEqual(["connected", "refreshed"]);
    });
  });

  describe(`reauthorizing on ${kind.name}`, () => {
    const consent: Consent = {
      account: { id: "other", label: null },
      requestedScopes: ["x"],
      grantedScopes: ["y"],
      status: "degraded",
      diagnosis: OUTAGE,
      consentedAt: 11,
      lastProvenAt: 12,
    };

    test("takes over the tokens and what the consent changed, whatever the status was", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.setStatus(ending(1));
      await stage.clock.advance(1000);
      const { connection } = await stage.held(ID);
      expect(await stage.connections.reauthorize(commitOf(2), consent)).toBe("committed");
      expect(await stage.held(ID)).toEqual({
        connection: { ...connection, ...consent, statusSince: stage.clock.now() },
        tokens: tokenRecord(2),
        lease: { ...AT_REST, dueAt: 7 },
        clientProbeAt: null,
      });
    });

    test("from an older generation does nothing", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.commit(commitOf(2));
      const before = await stage.held(ID);
      expect(await stage.connections.reauthorize(commitOf(2), consent)).toBe("superseded");
      expect(await stage.held(ID)).toEqual(before);
    });
  });

  test(`disconnecting on ${kind.name} deletes the tokens, and lets no refresh that is under way bring them back`, async () => {
    const stage = await openWithConnection(kind);
    await stage.connections.claim(ID, 1);
    await stage.connections.disconnect(ID, { kind: "disconnected", generation: 1, detail: {} });
    expect(await stage.connections.commit(commitOf(2))).toBe("superseded");
    expect(await stage.connections.claim(ID, 1)).toBe("moved");
    expect(await stage.connections.setStatus(ending(1))).toBe("superseded");
    await stage.connections.postpone(postponement({ degrade: true }));
    const { connection, tokens, lease } = await stage.held(ID);
    expect(connection).toMatchObject({ status: "disconnected", diagnosis: null, statusSince: stage.clock.now() });
    expect(tokens).toMatchObject({ generation: 2, sealedAccessToken: null, sealedRefreshToken: null });
    expect(lease).toEqual(AT_REST);
    expect(await kindsOf(stage)).toEqual(["connected", "disconnected"]);
  });
}
