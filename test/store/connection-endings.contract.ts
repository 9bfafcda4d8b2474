import { describe, expect, test } from "vitest";
import type { Diagnosis } from "../../src/connection/cause.ts";
import type { Consent, StatusChange } from "../../src/connection/store.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { AT_REST, claimRequest, commitOf, openStoreStage, tokenRecord, type StoreStage } from "../stage/store-stage.ts";

const ID = "con_1";
const OUTAGE: Diagnosis = { cause: "provider_unavailable", confidence: "certain", evidence: { code: "http_503" } };
const ENDED: Diagnosis = { cause: "unknown", confidence: "possible", evidence: {} };
const ENTRY = { kind: "disconnected", generation: 1, detail: { revocation: "failed" } } as const;
const CONSENT: Consent = {
  clientId: "cli_1",
  account: { id: "other", label: null },
  requestedScopes: ["x"],
  grantedScopes: ["y"],
  status: "degraded",
  diagnosis: OUTAGE,
  consentedAt: 11,
  lastProvenAt: 12,
};

async function openWithConnection(kind: DatabaseKind): Promise<StoreStage> {
  const stage = await openStoreStage(kind);
  await stage.create(ID);
  await stage.clock.advance(5000);
  return stage;
}

function ending(generation = 1): StatusChange {
  const status = "reauthorization_required";
  const history = { kind: status, generation, detail: { n: 1 } } as const;
  return { connectionId: ID, generation, status, diagnosis: ENDED, history };
}

/** Fails once, without an answer. */
async function fail(stage: StoreStage): Promise<void> {
  const failed = { answered: false, backoffMs: 0, diagnosis: OUTAGE, degrade: true, history: null };
  await stage.connections.postpone({ claim: await stage.claim(ID), ...failed });
}

/** What every database has to make of the end of a connection, and of a new beginning. */
export function connectionEndingsContract(kind: DatabaseKind): void {
  describe(`setting the status on ${kind.name}`, () => {
    test("to one that is over notes the diagnosis, clears what was due, and keeps the token set", async () => {
      const stage = await openWithConnection(kind);
      await fail(stage);
      await stage.claim(ID);
      await stage.clock.advance(1000);
      const before = await stage.held(ID);
      expect(await stage.connections.setStatus(ending())).toBe("changed");
      const statusSince = stage.clock.now();
      expect(await stage.held(ID)).toEqual({
        connection: { ...before.connection, status: "reauthorization_required", diagnosis: ENDED, statusSince },
        tokens: before.tokens,
        lease: { ...AT_REST, epoch: 2 },
        hasBetterSpare: false,
        clientProbeAt: null,
      });
      const [last] = await stage.connections.history(ID, { limit: 1, before: null });
      expect(last).toMatchObject({ ...ending().history, at: statusSince });
    });

    test("to one that is live leaves what is due, and who is at it", async () => {
      const stage = await openWithConnection(kind);
      await fail(stage);
      const claim = await stage.claim(ID);
      const before = await stage.held(ID);
      const history = { kind: "released_after_restore", generation: 1, detail: {} } as const;
      const change: StatusChange = { connectionId: ID, generation: 1, status: "active", diagnosis: null, history };
      expect(await stage.connections.setStatus(change)).toBe("changed");
      const well = { status: "active", diagnosis: null, statusSince: stage.clock.now() };
      expect(await stage.held(ID)).toEqual({ ...before, connection: { ...before.connection, ...well } });
      expect(await stage.connections.stands(claim)).toBe(true);
    });

    test("to what it is, because an answer was lost, is no second change", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.setStatus(ending());
      const before = await stage.held(ID);
      await stage.clock.advance(1000);
      expect(await stage.connections.setStatus(ending())).toBe("changed");
      expect(await stage.held(ID)).toEqual(before);
      expect(await stage.kindsOf(ID)).toEqual(["connected", "reauthorization_required"]);
    });

    test("by what was said of another generation does nothing", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.commit(commitOf(ID, 2), await stage.claim(ID));
      const before = await stage.held(ID);
      for (const generation of [1, 3]) expect(await stage.connections.setStatus(ending(generation))).toBe("superseded");
      expect(await stage.connections.setStatus({ ...ending(), connectionId: "con_none" })).toBe("superseded");
      expect(await stage.held(ID)).toEqual(before);
      expect(await stage.kindsOf(ID)).toEqual(["connected", "refreshed"]);
    });
  });

  describe(`reauthorizing on ${kind.name}`, () => {
    test("takes over the tokens and what the consent changed, over whoever is at it", async () => {
      const stage = await openWithConnection(kind);
      await fail(stage);
      const claim = await stage.claim(ID);
      await stage.clock.advance(1000);
      const { connection } = await stage.held(ID);
      const committed = { kind: "committed", was: "degraded" };
      expect(await stage.connections.reauthorize(commitOf(ID, 2), CONSENT)).toEqual(committed);
      expect(await stage.held(ID)).toEqual({
        connection: { ...connection, ...CONSENT, statusSince: stage.clock.now() },
        tokens: tokenRecord(2),
        lease: { ...AT_REST, dueAt: 7, epoch: 2 },
        hasBetterSpare: false,
        clientProbeAt: null,
      });
      expect(await stage.connections.stands(claim)).toBe(false);
      expect(await stage.kindsOf(ID)).toEqual(["connected", "degraded", "refreshed"]);
      expect(await stage.connections.commit({ ...commitOf(ID, 2), tokens: tokenRecord(2, 1) }, claim)).toEqual({
        kind: "superseded",
      });
    });

    test("brings back what has ended, and what was disconnected", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.setStatus(ending());
      const healed = await stage.connections.reauthorize(commitOf(ID, 2), CONSENT);
      expect(healed).toEqual({ kind: "committed", was: "reauthorization_required" });
      await stage.connections.disconnect(ID, ENTRY);
      const revived = await stage.connections.reauthorize(commitOf(ID, 4), CONSENT);
      expect(revived).toEqual({ kind: "committed", was: "disconnected" });
      expect(await stage.held(ID)).toMatchObject({ tokens: tokenRecord(4), lease: { dueAt: 7 } });
    });

    test("twice, because the answer was lost, changes nothing the second time", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.reauthorize(commitOf(ID, 2), CONSENT);
      await stage.claim(ID, { generation: 2 });
      await stage.clock.advance(1000);
      const before = await stage.held(ID);
      const repeated = await stage.connections.reauthorize(commitOf(ID, 2), CONSENT);
      expect(repeated).toEqual({ kind: "committed", was: "degraded" });
      expect(await stage.held(ID)).toEqual(before);
      expect(await stage.kindsOf(ID)).toEqual(["connected", "refreshed"]);
    });

    test.each([2, 4])("as generation %d over the second does nothing", async (generation) => {
      const stage = await openWithConnection(kind);
      await stage.connections.commit(commitOf(ID, 2), await stage.claim(ID));
      const before = await stage.held(ID);
      const commit = { ...commitOf(ID, generation), tokens: tokenRecord(generation, 1) };
      expect(await stage.connections.reauthorize(commit, CONSENT)).toEqual({ kind: "superseded" });
      expect(await stage.held(ID)).toEqual(before);
      const ofNone = { ...commit, connectionId: "con_none" };
      expect(await stage.connections.reauthorize(ofNone, CONSENT)).toEqual({ kind: "superseded" });
    });
  });

  describe(`disconnecting on ${kind.name}`, () => {
    test("deletes the tokens and the spares, and clears what was due", async () => {
      const stage = await openWithConnection(kind);
      await fail(stage);
      await stage.connections.setAside(ID, tokenRecord(1, 1), null);
      await stage.create("con_2");
      await stage.connections.setAside("con_2", tokenRecord(1, 1), null);
      await stage.clock.advance(1000);
      const [before, other] = [await stage.held(ID), await stage.held("con_2")];
      await stage.connections.disconnect(ID, ENTRY);
      const statusSince = stage.clock.now();
      expect(await stage.held(ID)).toEqual({
        connection: { ...before.connection, status: "disconnected", diagnosis: null, statusSince, linkEpoch: 1 },
        tokens: { ...tokenRecord(1), generation: 2, sealedAccessToken: null, sealedRefreshToken: null },
        lease: { ...AT_REST, epoch: 1 },
        hasBetterSpare: false,
        clientProbeAt: null,
      });
      expect(await stage.connections.spares(ID)).toEqual([]);
      const [last] = await stage.connections.history(ID, { limit: 1, before: null });
      expect(last).toMatchObject({ ...ENTRY, at: statusSince });
      expect(await stage.held("con_2")).toEqual(other);
      expect(await stage.connections.spares("con_2")).toHaveLength(1);
    });

    test("revokes the links once, as whoever revokes them does", async () => {
      const stage = await openWithConnection(kind);
      const epoch = async () => (await stage.held(ID)).connection.linkEpoch;
      await stage.connections.revokeLinks(ID);
      await stage.connections.revokeLinks(ID);
      expect(await epoch()).toBe(2);
      await stage.connections.disconnect(ID, ENTRY);
      await stage.connections.disconnect(ID, ENTRY);
      expect(await epoch()).toBe(3);
    });

    test("over a refresh that is under way lets that bring nothing back", async () => {
      const stage = await openWithConnection(kind);
      const claim = await stage.claim(ID);
      await stage.connections.disconnect(ID, ENTRY);
      const before = await stage.held(ID);
      expect(await stage.connections.stands(claim)).toBe(false);
      expect(await stage.connections.commit(commitOf(ID, 2), claim)).toEqual({ kind: "superseded" });
      await stage.connections.setAside(ID, tokenRecord(2), claim);
      expect(await stage.connections.setStatus(ending())).toBe("superseded");
      expect(await stage.connections.claim(claimRequest(ID))).toEqual({ kind: "moved" });
      expect(await stage.held(ID)).toEqual(before);
      expect(await stage.connections.spares(ID)).toEqual([]);
      expect(await stage.kindsOf(ID)).toEqual(["connected", "disconnected"]);
    });

    test("twice, because the answer was lost, changes nothing the second time", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.disconnect(ID, ENTRY);
      await stage.clock.advance(1000);
      const before = await stage.held(ID);
      await stage.connections.disconnect(ID, ENTRY);
      expect(await stage.held(ID)).toEqual(before);
      expect(await stage.kindsOf(ID)).toEqual(["connected", "disconnected"]);
    });

    test("what is not there does nothing", async () => {
      const stage = await openWithConnection(kind);
      const before = await stage.held(ID);
      await stage.connections.disconnect("con_none", ENTRY);
      expect(await stage.held(ID)).toEqual(before);
      expect(await stage.connections.history("con_none", { limit: 1, before: null })).toEqual([]);
    });
  });
}
