import { describe, expect, test } from "vitest";
import type { Diagnosis } from "../../src/connection/cause.ts";
import type { Consent, NeedsChange } from "../../src/connection/store.ts";
import { createOutboxStore } from "../../src/store/outbox.ts";
import { HOUR } from "../../src/runtime/clock.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { commitOf, openStoreStage, type StoreStage } from "../stage/store-stage.ts";

const ID = "con_1";
const GRANTED = ["scope-1", "with space"];
const CLAIMS = '{"access_token":{"nbf":{"essential":true}}}';
const OUTAGE: Diagnosis = { cause: "provider_unavailable", confidence: "certain", evidence: {} };
const EVERY = { tenantId: "default", limit: 10, after: null, clientId: null };

const CONSENT: Consent = {
  clientId: "cli_1",
  account: null,
  requestedScopes: GRANTED,
  grantedScopes: GRANTED,
  status: "active",
  diagnosis: null,
  consentedAt: 1,
  lastProvenAt: 1,
};

async function openWithConnection(kind: DatabaseKind): Promise<StoreStage> {
  const stage = await openStoreStage(kind);
  await stage.create(ID, { grantedScopes: GRANTED });
  await stage.clock.advance(1000);
  return stage;
}

function needs(missing: string[], detail: NeedsChange["detail"] = {}, requiredBefore: string[] = []): NeedsChange {
  const required = { requiredScopes: ["mail"], missingScopes: missing };
  const was = { requiredScopes: requiredBefore, grantedScopes: GRANTED };
  return { connectionId: ID, was, ...required, detail };
}

/** A refresh that grants what was granted before, and lacks `missing`; not looked at: undefined. */
async function refresh(stage: StoreStage, generation: number, missing?: string[], answeredClaims?: string) {
  const commit = commitOf(ID, generation);
  const tokens = { ...commit.tokens, scope: GRANTED };
  const found = { ...(missing && { missingScopes: missing }), ...(answeredClaims !== undefined && { answeredClaims }) };
  const claim = await stage.claim(ID, { generation: generation - 1 });
  return stage.connections.commit({ ...commit, tokens, ...found }, claim);
}

async function shown(stage: StoreStage) {
  const { status, diagnosis, missingScopes } = (await stage.held(ID)).connection;
  return [status, diagnosis?.cause ?? null, missingScopes];
}

async function eventsOf({ database, clock }: StoreStage) {
  await clock.advance(HOUR);
  const pending = await createOutboxStore(database).pending(100);
  return pending.map(({ type, detail }) => [type, detail]);
}

/** What every database has to make of what connections need and lack. */
export function connectionNeedsContract(kind: DatabaseKind): void {
  describe(`what a connection needs on ${kind.name}`, () => {
    test("makes it degraded while it is lacking, and says so once, with the change that it is of", async () => {
      const stage = await openWithConnection(kind);
      expect(await stage.connections.setNeeds(needs(["mail"], { change: "chg_1" }))).toBe("changed");
      expect(await stage.connections.setNeeds(needs(["mail"], { change: "chg_1" }))).toBe("superseded");
      expect(await stage.connections.setNeeds(needs(["mail"], { change: "chg_1" }, ["mail"]))).toBe("unchanged");
      const { connection } = await stage.held(ID);
      expect(connection).toMatchObject({
        status: "degraded",
        diagnosis: { cause: "scope_insufficient", confidence: "certain", evidence: { missing: "mail" } },
        requiredScopes: ["mail"],
        missingScopes: ["mail"],
        statusSince: stage.clock.now(),
      });
      expect(await stage.kindsOf(ID)).toEqual(["connected", "degraded"]);
      expect(await stage.connections.list({ ...EVERY, status: "degraded" })).toHaveLength(1);
      expect(await stage.connections.list({ ...EVERY, status: "active" })).toEqual([]);
      const detail = { cause: "scope_insufficient", missing: "mail", change: "chg_1" };
      expect((await eventsOf(stage)).at(-1)).toEqual(["connection.degraded", detail]);
    });

    test("is not forgotten by a refresh that works, nor by one that ends an outage", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.setNeeds(needs(["mail"]));
      const since = (await stage.held(ID)).connection.statusSince;
      await stage.clock.advance(1000);
      expect(await refresh(stage, 2, ["mail"])).toEqual({ kind: "committed", was: "degraded" });
      expect(await refresh(stage, 3)).toEqual({ kind: "committed", was: "degraded" });
      expect((await stage.held(ID)).connection).toMatchObject({ status: "degraded", statusSince: since });
      const failed = { answered: true, backoffMs: 0, diagnosis: OUTAGE, degrade: true, history: null };
      await stage.connections.postpone({ claim: await stage.claim(ID, { generation: 3 }), ...failed });
      expect(await shown(stage)).toEqual(["degraded", "provider_unavailable", ["mail"]]);
      await refresh(stage, 4, ["mail"]);
      expect(await shown(stage)).toEqual(["degraded", "scope_insufficient", ["mail"]]);
      expect((await stage.kindsOf(ID)).filter((entry) => entry !== "refreshed")).toEqual([
        "connected",
        "degraded",
        "degraded",
        "degraded",
      ]);
    });

    test("is found lacking by a refresh that grants less, and healed by one that grants it", async () => {
      const stage = await openWithConnection(kind);
      expect(await refresh(stage, 2, ["files"])).toEqual({ kind: "committed", was: "active" });
      expect(await shown(stage)).toEqual(["degraded", "scope_insufficient", ["files"]]);
      expect((await stage.held(ID)).connection.statusSince).toBe(stage.clock.now());
      await stage.clock.advance(1000);
      await refresh(stage, 3, []);
      expect(await shown(stage)).toEqual(["active", null, []]);
      expect((await stage.held(ID)).connection.statusSince).toBe(stage.clock.now());
      expect(await stage.kindsOf(ID)).toEqual(["connected", "refreshed", "degraded", "refreshed", "recovered"]);
    });

    test("is compared with scopes that are still those", async () => {
      const stage = await openWithConnection(kind);
      const other = { ...needs(["mail"]), was: { requiredScopes: [], grantedScopes: ["other"] } };
      expect(await stage.connections.setNeeds(other)).toBe("superseded");
      await stage.connections.disconnect(ID, { kind: "disconnected", generation: 1, detail: {} });
      expect(await stage.connections.setNeeds(needs(["mail"]))).toBe("superseded");
    });

    test("no longer lacking, it is told as recovered with the change", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.setNeeds(needs(["mail"]));
      await eventsOf(stage);
      await stage.database.write((queries) => queries.updateTable("outbox").set({ passed_on_at: 1 }).execute());
      await stage.connections.setNeeds(needs([], { change: "chg_2" }, ["mail"]));
      expect(await shown(stage)).toEqual(["active", null, []]);
      expect(await eventsOf(stage)).toEqual([["connection.recovered", { change: "chg_2" }]]);
    });

    test("of one that is over is noted, and nobody is told", async () => {
      const stage = await openWithConnection(kind);
      const status = "reauthorization_required";
      const history = { kind: status, generation: 1, detail: {} } as const;
      await stage.connections.setStatus({ connectionId: ID, generation: 1, status, diagnosis: OUTAGE, history });
      expect(await stage.connections.setNeeds(needs(["mail"]))).toBe("changed");
      expect(await shown(stage)).toEqual([status, "provider_unavailable", ["mail"]]);
      expect(await stage.kindsOf(ID)).toEqual(["connected", status]);
    });

    test("of a consent is what that says, and what was required before if it says nothing of it", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.setNeeds(needs(["mail"]));
      await stage.connections.challenge(ID, CLAIMS);
      await stage.connections.reauthorize(commitOf(ID, 2), CONSENT);
      expect((await stage.held(ID)).connection).toMatchObject({ requiredScopes: ["mail"], claims: null });
      expect(await shown(stage)).toEqual(["active", null, []]);
      const lacking = { requiredScopes: ["x"], missingScopes: ["x"] };
      await stage.connections.reauthorize(commitOf(ID, 3), { ...CONSENT, ...lacking });
      expect(await shown(stage)).toEqual(["degraded", "scope_insufficient", ["x"]]);
    });
  });

  describe(`a claims challenge on ${kind.name}`, () => {
    test("makes a connection degraded once, until a refresh has carried these claims", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.challenge(ID, CLAIMS);
      await stage.connections.challenge(ID, CLAIMS);
      expect(await shown(stage)).toEqual(["degraded", "interaction_required", []]);
      expect((await stage.held(ID)).connection.claims).toEqual({ json: CLAIMS, isRefused: false });
      await refresh(stage, 2, []);
      await refresh(stage, 3, [], "{}");
      expect(await shown(stage)).toEqual(["degraded", "interaction_required", []]);
      await refresh(stage, 4, [], CLAIMS);
      expect(await shown(stage)).toEqual(["active", null, []]);
      expect((await stage.kindsOf(ID)).filter((entry) => entry !== "refreshed")).toEqual([
        "connected",
        "degraded",
        "recovered",
      ]);
    });

    test("is refused as the one that it is, and another one may be tried", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.challenge(ID, CLAIMS);
      await stage.connections.refuseClaims(ID, "{}");
      expect((await stage.held(ID)).connection.claims?.isRefused).toBe(false);
      await stage.connections.refuseClaims(ID, CLAIMS);
      expect((await stage.held(ID)).connection.claims?.isRefused).toBe(true);
      await stage.connections.challenge(ID, CLAIMS);
      expect((await stage.held(ID)).connection.claims?.isRefused).toBe(true);
      await stage.connections.challenge(ID, "{}");
      expect((await stage.held(ID)).connection.claims).toEqual({ json: "{}", isRefused: false });
    });

    test("goes with the connection", async () => {
      const stage = await openWithConnection(kind);
      await stage.connections.setNeeds(needs(["mail"]));
      await stage.connections.challenge(ID, CLAIMS);
      await stage.connections.disconnect(ID, { kind: "disconnected", generation: 1, detail: {} });
      expect((await stage.held(ID)).connection).toMatchObject({ claims: null, missingScopes: [] });
      await stage.connections.challenge(ID, CLAIMS);
      expect((await stage.held(ID)).connection.claims).toBeNull();
    });
  });
}
