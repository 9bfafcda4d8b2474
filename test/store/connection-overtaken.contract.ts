import { describe, expect, test } from "vitest";
import type { Diagnosis } from "../../src/connection/cause.ts";
import type { Claim } from "../../src/connection/claim.ts";
import type { ConnectionStore, Consent } from "../../src/connection/store.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { AT_REST, commitOf, openStoreStage, tokenRecord, type StoreStage } from "../stage/store-stage.ts";

const ID = "con_1";
const DIAGNOSIS: Diagnosis = { cause: "unknown", confidence: "possible", evidence: {} };
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

type Late = (connections: ConnectionStore, claim: Claim) => Promise<unknown>;

/** What the one who was overtaken may still call, and what it is told. */
const LATE: [string, Late, unknown][] = [
  ["postponing", postpone, undefined],
  ["releasing", (connections, claim) => connections.release({ claim, answered: true }, 5), undefined],
  ["rejecting", reject, "superseded"],
];

function postpone(connections: ConnectionStore, claim: Claim): Promise<unknown> {
  const history = { kind: "refresh_failed", generation: 1, detail: {} } as const;
  const failed = { answered: true, backoffMs: 0, diagnosis: DIAGNOSIS, degrade: true, history };
  return connections.postpone({ claim, ...failed });
}

function reject(connections: ConnectionStore, claim: Claim): Promise<unknown> {
  const history = { kind: "reauthorization_required", generation: 1, detail: {} } as const;
  const brake = { windowMs: 1, tolerated: 9, patienceMs: 1, backoffMs: 1 };
  return connections.reject({ claim, diagnosis: DIAGNOSIS, history, confirmAfterMs: null, brake });
}

function end({ connections }: StoreStage): Promise<unknown> {
  const status = "reauthorization_required";
  const history = { kind: status, generation: 1, detail: {} } as const;
  return connections.setStatus({ connectionId: ID, generation: 1, status, diagnosis: DIAGNOSIS, history });
}

function disconnect({ connections }: StoreStage): Promise<unknown> {
  return connections.disconnect(ID, { kind: "disconnected", generation: 1, detail: {} });
}

async function promoteSpare({ connections }: StoreStage): Promise<unknown> {
  await connections.setAside(ID, tokenRecord(2, 1), null);
  const [spare] = await connections.spares(ID);
  return spare && connections.promote(spare, commitOf(ID, 2));
}

/** What happened since it claimed. */
const MEANWHILE: [string, (stage: StoreStage, claim: Claim) => Promise<unknown>][] = [
  ["another claimed", (stage) => stage.claim(ID, { owner: "ins_b", gone: "ins_a" })],
  [
    "another claimed and gave back",
    async (stage) => {
      const claim = await stage.claim(ID, { owner: "ins_b", gone: "ins_a" });
      await stage.connections.release({ claim, answered: true });
    },
  ],
  ["it claimed again itself", (stage) => stage.claim(ID)],
  ["it gave the claim back itself", ({ connections }, claim) => connections.release({ claim, answered: true })],
  ["it failed itself", ({ connections }, claim) => postpone(connections, claim)],
  ["it committed itself", ({ connections }, claim) => connections.commit(commitOf(ID, 2), claim)],
  ["a token set was recovered", ({ connections }) => connections.recover(commitOf(ID, 2))],
  ["a spare was promoted", promoteSpare],
  ["a person consented anew", ({ connections }) => connections.reauthorize(commitOf(ID, 2), CONSENT)],
  ["the connection was ended", end],
  ["the connection was disconnected", disconnect],
];

/** What every database has to make of calls for a claim that does not stand any more. */
export function connectionOvertakenContract(kind: DatabaseKind): void {
  describe.each(MEANWHILE)(`after %s on ${kind.name}`, (_what, happen) => {
    test.each(LATE)("%s for the claim from before has no effect", async (_how, call, said) => {
      const stage = await openStoreStage(kind);
      await stage.create(ID);
      const claim = await stage.claim(ID);
      await happen(stage, claim);
      await stage.clock.advance(1000);
      const before = await stage.held(ID);
      const kinds = await stage.kindsOf(ID);
      expect(await call(stage.connections, claim)).toBe(said);
      expect(await stage.held(ID)).toEqual(before);
      expect(await stage.kindsOf(ID)).toEqual(kinds);
    });
  });

  describe(`after a late winner on ${kind.name}`, () => {
    test.each(LATE)("%s gives the claim back that was kept, and has no other effect", async (_how, call, said) => {
      const stage = await openStoreStage(kind);
      await stage.create(ID);
      const late = await stage.claim(ID);
      const claim = await stage.claim(ID, { owner: "ins_b", gone: "ins_a" });
      await stage.connections.commit(commitOf(ID, 2), late);
      const before = await stage.held(ID);
      const kinds = await stage.kindsOf(ID);
      expect(before.lease).toMatchObject({ owner: "ins_b", epoch: 2 });
      expect(await call(stage.connections, claim)).toBe(said);
      expect(await stage.held(ID)).toEqual({ ...before, lease: { ...AT_REST, dueAt: 7, epoch: 2 } });
      expect(await stage.kindsOf(ID)).toEqual(kinds);
    });

    test.each(LATE)("%s by the winner leaves the claim that was kept", async (_how, call, said) => {
      const stage = await openStoreStage(kind);
      await stage.create(ID);
      const late = await stage.claim(ID);
      await stage.claim(ID, { owner: "ins_b", gone: "ins_a" });
      await stage.connections.commit(commitOf(ID, 2), late);
      const before = await stage.held(ID);
      expect(await call(stage.connections, late)).toBe(said);
      expect(await stage.held(ID)).toEqual(before);
    });
  });

  test.each(LATE)(`%s for a connection that is not there has no effect on ${kind.name}`, async (_how, call, said) => {
    const stage = await openStoreStage(kind);
    await stage.create(ID);
    const claim = await stage.claim(ID);
    const before = await stage.held(ID);
    expect(await call(stage.connections, { ...claim, connectionId: "con_none" })).toBe(said);
    expect(await stage.held(ID)).toEqual(before);
  });
}
