import { describe, expect, test } from "vitest";
import { NO_LIMITS } from "../../src/access/tenant.ts";
import { DAY, MINUTE } from "../../src/runtime/clock.ts";
import type { Application, NewSecurityEvent, SecurityEventStore } from "../../src/security-event/store.ts";
import type { Mark } from "../../src/security-event/subject.ts";
import { createSecurityEventReceiverStore } from "../../src/store/security-event-receivers.ts";
import { createSecurityEventStore } from "../../src/store/security-events.ts";
import { createTenantStore } from "../../src/store/tenants.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { openStoreStage, tokenRecord, type StoreStage } from "../stage/store-stage.ts";
import { clientAt } from "../stage/world.ts";

const ACCOUNT: Mark = { by: "account", id: "acc-1" };
const EXAMINE: Application["effect"] = {
  kind: "examine",
  cause: "revoked_for_security",
  confidence: "certain",
  withholds: true,
};
const OF_CLIENT: Application = { effect: EXAMINE, isKnown: true, reach: { clientId: "cli_1" } };
const OF_PROVIDER: Application = { ...OF_CLIENT, reach: { providerId: "provider" } };

function eventOf(changes: Partial<NewSecurityEvent> = {}, marks: readonly Mark[] = [ACCOUNT]): NewSecurityEvent {
  return {
    id: "sev_1",
    tenantId: "default",
    clientId: "cli_1",
    issuer: "https://issuer.example",
    jti: "jti-1",
    type: "risc.sessions_revoked",
    subject: { format: "iss_sub", marks },
    issuedAt: 7,
    ...changes,
  };
}

interface EventsStage extends StoreStage {
  events: SecurityEventStore;
}

async function open(kind: DatabaseKind): Promise<EventsStage> {
  const stage = await openStoreStage(kind);
  return { ...stage, events: createSecurityEventStore(stage.database) };
}

function account(id: string, label: string | null = null) {
  return { account: { id, label } };
}

/** What every database has to do with security events. */
export function securityEventsContract(kind: DatabaseKind): void {
  describe(`security events on ${kind.name}`, () => {
    test("make due what they are about, and say why, with the inbox and the history in one", async () => {
      const stage = await open(kind);
      await stage.create("con_1", account("acc-1"), { dueAt: null });
      await stage.create("con_2", account("acc-2"), { dueAt: null });
      await stage.clock.advance(MINUTE);
      const now = stage.clock.now();
      expect(await stage.events.take(eventOf(), OF_CLIENT)).toEqual({
        kind: "taken",
        verdict: "applied",
        connectionIds: ["con_1"],
      });
      expect(await stage.lease("con_1")).toMatchObject({
        dueAt: now,
        notice: {
          event: "risc.sessions_revoked",
          at: now,
          until: now + DAY,
          generation: 1,
          cause: "revoked_for_security",
          confidence: "certain",
          withholds: true,
        },
      });
      expect(await stage.lease("con_2")).toMatchObject({ dueAt: null, notice: null });
      expect(await stage.kindsOf("con_1")).toEqual(["connected", "security_event"]);
      expect(await stage.events.list({ tenantId: "default", limit: 9, before: null, clientId: null })).toEqual([
        {
          id: "sev_1",
          clientId: "cli_1",
          issuer: "https://issuer.example",
          jti: "jti-1",
          type: "risc.sessions_revoked",
          subjectFormat: "iss_sub",
          issuedAt: 7,
          receivedAt: now,
          verdict: "applied",
          connections: 1,
        },
      ]);
    });

    test("are taken once, of each issuer, tenant and type", async () => {
      const stage = await open(kind);
      await stage.create("con_1", account("acc-1"));
      const take = (changes: Partial<NewSecurityEvent>) => stage.events.take(eventOf(changes), OF_CLIENT);
      expect(await take({})).toMatchObject({ kind: "taken" });
      expect(await take({ id: "sev_2" })).toEqual({ kind: "repeated" });
      expect(await take({ id: "sev_3", issuer: "https://other.example" })).toMatchObject({ kind: "taken" });
      expect(await take({ id: "sev_4", type: "risc.account_disabled" })).toMatchObject({ kind: "taken" });
      expect(await stage.kindsOf("con_1")).toEqual(["connected", ...Array(3).fill("security_event")]);
    });

    test("that come twice at one moment are taken by one", async () => {
      const stage = await open(kind);
      await stage.create("con_1", account("acc-1"));
      const both = ["sev_1", "sev_2"].map((id) => stage.events.take(eventOf({ id }), OF_CLIENT));
      const kinds = (await Promise.all(both)).map((taken) => taken.kind);
      expect(kinds.toSorted()).toEqual(["repeated", "taken"]);
      expect(await stage.kindsOf("con_1")).toEqual(["connected", "security_event"]);
    });

    test("find connections by account, part of one, e-mail address and what names a token", async () => {
      const stage = await open(kind);
      const marked = { ...tokenRecord(1), refreshTokenMarks: { prefix: "name-p", digest: "name-d" } };
      await stage.create("con_1", account("T1.U1", "Ada@Example.com"), { tokens: marked });
      await stage.create("con_2", account("T1.U2", "bob@example.com"));
      await stage.create("con_3", account("T11.U1"));
      await stage.create("con_4", account("T1%.U1"));
      const found = async (...marks: Mark[]) => {
        const event = eventOf({ id: `sev_${JSON.stringify(marks)}`, jti: JSON.stringify(marks) }, marks);
        const taken = await stage.events.take(event, OF_CLIENT);
        return taken.kind === "taken" ? taken.connectionIds : [];
      };
      expect(await found({ by: "account", id: "T1.U1" })).toEqual(["con_1"]);
      expect(await found({ by: "accounts", prefix: "T1." })).toEqual(["con_1", "con_2"]);
      expect(await found({ by: "accounts", prefix: "T1%" })).toEqual(["con_4"]);
      expect(await found({ by: "email", email: "ada@example.com" })).toEqual(["con_1"]);
      expect(await found({ by: "token_prefix", value: "name-p" })).toEqual(["con_1"]);
      expect(await found({ by: "token_digest", value: "name-d" })).toEqual(["con_1"]);
      expect(await found({ by: "token_digest", value: "name-p" })).toEqual([]);
      expect(await found({ by: "account", id: "T1.U2" }, { by: "account", id: "T11.U1" })).toEqual(["con_2", "con_3"]);
      expect(await found()).toEqual([]);
    });

    test("reach the clients of the tenant at the provider, or one of them, and nobody else's", async () => {
      const stage = await open(kind);
      const tenants = createTenantStore(stage.database);
      await tenants.create({ id: "ten_2", name: "Other", publicUrl: null, limits: NO_LIMITS });
      await stage.clients.create(clientAt("provider", "cli_2"), null);
      await stage.clients.create(clientAt("elsewhere", "cli_3"), null);
      await stage.clients.create({ ...clientAt("provider", "cli_4"), tenantId: "ten_2" }, null);
      for (const n of [1, 2, 3]) await stage.create(`con_${n}`, { ...account("acc-1"), clientId: `cli_${n}` });
      await stage.create("con_4", { ...account("acc-1"), clientId: "cli_4", tenantId: "ten_2" });
      expect(await stage.events.take(eventOf(), OF_CLIENT)).toMatchObject({ connectionIds: ["con_1"] });
      const wider = eventOf({ id: "sev_2", jti: "jti-2" });
      expect(await stage.events.take(wider, OF_PROVIDER)).toMatchObject({ connectionIds: ["con_1", "con_2"] });
      const others = eventOf({ id: "sev_3", tenantId: "ten_2", clientId: "cli_4" });
      expect(await stage.events.take(others, OF_PROVIDER)).toMatchObject({ connectionIds: ["con_4"] });
      const all = await stage.events.list({ tenantId: "ten_2", limit: 9, before: null, clientId: null });
      expect(all.map(({ id }) => id)).toEqual(["sev_3"]);
    });

    test("say what became of them where they concern nobody", async () => {
      const stage = await open(kind);
      await stage.create("con_1", account("acc-1"));
      const verdictOn = async (id: string, application: Application, subject = eventOf().subject) => {
        const taken = await stage.events.take(eventOf({ id, jti: id, subject }), application);
        return taken.kind === "taken" ? taken.verdict : taken.kind;
      };
      const none = { kind: "none" } as const;
      expect(await verdictOn("1", { ...OF_CLIENT, effect: none })).toBe("ignored");
      expect(await verdictOn("2", { ...OF_CLIENT, effect: none, isKnown: false })).toBe("unknown_type");
      expect(await verdictOn("3", OF_CLIENT, { format: "email", marks: [] })).toBe("unknown_subject");
      expect(await verdictOn("4", OF_CLIENT, null)).toBe("unknown_subject");
      expect(await stage.kindsOf("con_1")).toEqual(["connected"]);
    });

    test("concern many at once", async () => {
      const stage = await open(kind);
      for (let n = 0; n < 520; n++) await stage.create(`con_${n}`, account(`T1.U${n}`), { dueAt: null });
      const event = eventOf({}, [{ by: "accounts", prefix: "T1." }]);
      const taken = await stage.events.take(event, OF_CLIENT);
      expect(taken.kind === "taken" && taken.connectionIds.length).toBe(520);
      for (const id of ["con_0", "con_519"]) {
        expect(await stage.lease(id)).toMatchObject({ dueAt: stage.clock.now(), notice: { withholds: true } });
      }
    });

    test("make nothing due earlier that is due, and nothing that is over or held", async () => {
      const stage = await open(kind);
      await stage.create("con_1", account("acc-1"), { dueAt: stage.clock.now() - 5 });
      await stage.create("con_2", { ...account("acc-1"), status: "suspended" }, { dueAt: null });
      await stage.create("con_3", { ...account("acc-1"), status: "reauthorization_required" }, { dueAt: null });
      await stage.create("con_4", { ...account("acc-1"), status: "disconnected" }, { dueAt: null });
      await stage.events.take(eventOf(), OF_CLIENT);
      expect(await stage.lease("con_1")).toMatchObject({ dueAt: stage.clock.now() - 5 });
      expect(await stage.lease("con_2")).toMatchObject({ dueAt: null, notice: { withholds: true } });
      expect(await stage.lease("con_3")).toMatchObject({ dueAt: null, notice: null });
      expect(await stage.kindsOf("con_3")).toEqual(["connected", "security_event"]);
      expect(await stage.kindsOf("con_4")).toEqual(["connected"]);
    });

    test("leave a claim and what was sent under it as it is, and count its answer as older", async () => {
      const stage = await open(kind);
      await stage.create("con_1", account("acc-1"));
      await stage.beat("ins_a");
      const claim = await stage.claim("con_1");
      const before = await stage.lease("con_1");
      await stage.events.take(eventOf(), OF_CLIENT);
      const { dueAt, notice, ...after } = await stage.lease("con_1");
      expect(after).toEqual({
        ...after,
        epoch: before.epoch,
        owner: before.owner,
        attemptGeneration: 1,
        unanswered: 1,
      });
      expect({ dueAt, notice }).toMatchObject({ dueAt: stage.clock.now(), notice: { generation: 2 } });
      expect(await stage.connections.stands(claim)).toBe(true);
    });

    test("are forgotten when they are old, and then taken again", async () => {
      const stage = await open(kind);
      await stage.events.take(eventOf(), OF_CLIENT);
      await stage.events.prune(stage.clock.now());
      expect(await stage.events.take(eventOf(), OF_CLIENT)).toEqual({ kind: "repeated" });
      await stage.events.prune(stage.clock.now() + 1);
      expect(await stage.events.take(eventOf(), OF_CLIENT)).toMatchObject({ kind: "taken" });
    });

    test("are listed newest first, a page after the other", async () => {
      const stage = await open(kind);
      for (const n of [1, 2, 3]) await stage.events.take(eventOf({ id: `sev_${n}`, jti: `${n}` }), OF_CLIENT);
      const page = async (before: string | null, clientId: string | null = null) =>
        (await stage.events.list({ tenantId: "default", limit: 2, before, clientId })).map(({ id }) => id);
      expect(await page(null)).toEqual(["sev_3", "sev_2"]);
      expect(await page("sev_2")).toEqual(["sev_1"]);
      expect(await page(null, "cli_2")).toEqual([]);
    });

    test("end with their tenant, and what verifies them with its client", async () => {
      const stage = await open(kind);
      const receivers = createSecurityEventReceiverStore(stage.database);
      const tenants = createTenantStore(stage.database);
      await tenants.create({ id: "ten_2", name: "Other", publicUrl: null, limits: NO_LIMITS });
      await stage.clients.create({ ...clientAt("provider", "cli_2"), tenantId: "ten_2" }, null);
      const secrets = [["slack", { id: "sgn_1", sealed: Buffer.of(1) }]] as const;
      await receivers.change("cli_1", {
        settings: { issuer: "https://x.example", audience: ["a"], pollUrl: null },
        secrets,
      });
      await receivers.change("cli_2", { secrets: [["slack", { id: "sgn_2", sealed: Buffer.of(1) }]] });
      await stage.clients.remove("cli_1");
      expect(await receivers.signingSecret("cli_1", "slack")).toBeNull();
      expect(await receivers.settings("cli_1")).toEqual({ issuer: null, audience: [], pollUrl: null });
      const event = eventOf({ tenantId: "ten_2", clientId: "cli_2" });
      await stage.events.take(event, OF_CLIENT);
      await tenants.close("ten_2");
      await expect(stage.events.take({ ...event, jti: "2" }, OF_CLIENT)).rejects.toMatchObject({ code: "not_found" });
      await tenants.finishDeletion("ten_2");
      expect(await stage.events.list({ tenantId: "ten_2", limit: 9, before: null, clientId: null })).toEqual([]);
      expect(await receivers.signingSecret("cli_2", "slack")).toBeNull();
    });
  });

  describe(`what a client's receiver knows on ${kind.name}`, () => {
    test("is changed by what is named, and a secret takes the place of the one before", async () => {
      const { database } = await openStoreStage(kind);
      const receivers = createSecurityEventReceiverStore(database);
      const put = (id: string) => receivers.change("cli_1", { secrets: [["github", { id, sealed: Buffer.from(id) }]] });
      await put("sgn_1");
      await put("sgn_2");
      expect(await receivers.signingSecret("cli_1", "github")).toEqual({ id: "sgn_2", sealed: Buffer.from("sgn_2") });
      expect(await receivers.signingSecret("cli_1", "slack")).toBeNull();
      await receivers.change("cli_1", { settings: { issuer: null, audience: ["a", "b"], pollUrl: null }, secrets: [] });
      await receivers.change("cli_1", {
        settings: { issuer: "https://x.example", audience: [], pollUrl: "https://x.example/poll" },
        secrets: [],
      });
      expect(await receivers.settings("cli_1")).toEqual({
        issuer: "https://x.example",
        audience: [],
        pollUrl: "https://x.example/poll",
      });
      expect(await receivers.polled()).toEqual(["cli_1"]);
      await receivers.change("cli_1", { secrets: [["github", null]] });
      expect(await receivers.signingSecret("cli_1", "github")).toBeNull();
    });
  });
}
