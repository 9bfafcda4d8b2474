import { describe, expect, test } from "vitest";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { effectOf, type EventFacts } from "../../src/security-event/effect.ts";
import type { SecurityEventType } from "../../src/security-event/event-type.ts";
import { createSecurityEventStore } from "../../src/store/security-events.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";
import { openEngineStage, type EngineStage, type EngineStageOptions } from "../stage/engine-stage.ts";
import { answers } from "../stage/plays.ts";
import { TENANT } from "../stage/world.ts";

const ACCOUNT = "account-1";
const REVOKED = answers(400, { error: "invalid_grant" });

async function open(options: EngineStageOptions = {}) {
  const stage = await openEngineStage(options);
  return { ...stage, id: await stage.connect({ account: ACCOUNT }) };
}

let count = 0;

/** As receiving it would take it, about the one account there is. */
async function tell({ database, clientId }: EngineStage, type: SecurityEventType, facts: EventFacts = {}) {
  const event = {
    id: `sev_${String(++count).padStart(4, "0")}`,
    tenantId: TENANT,
    clientId,
    issuer: "https://as.example",
    jti: `jti-${count}`,
    type,
    subject: { format: "iss_sub", marks: [{ by: "account", id: ACCOUNT } as const] },
    issuedAt: null,
  };
  const application = { effect: effectOf(type, facts), isKnown: true, reach: { clientId } };
  return createSecurityEventStore(database).take(event, application);
}

describe("an event", () => {
  test("condemns nothing: where the provider still takes the refresh token, all goes on", async () => {
    const stage = await open();
    await tell(stage, "risc.account_disabled");
    stage.sweep.start();
    await stage.clock.advance(2 * SECOND);
    expect(stage.server.requests).toHaveLength(1);
    expect((await stage.held(stage.id)).connection).toMatchObject({ status: "active", diagnosis: null });
    expect(await stage.historyOf(stage.id)).toEqual(["connected", "security_event", "refreshed"]);
  });

  test("makes due what nobody reads, and what a refresh would end the access token of", async () => {
    const stage = await open({ entry: builtInEntry("github-app-user"), server: { lifetimeSeconds: 8 * 3600 } });
    await stage.connections.setPolicy(stage.id, "on_demand", null);
    stage.sweep.start();
    await stage.clock.advance(MINUTE);
    expect(stage.server.requests).toHaveLength(0);
    await tell(stage, "risc.account_credential_change_required");
    await stage.clock.advance(2 * SECOND);
    expect(stage.server.requests).toHaveLength(1);
    await stage.clock.advance(MINUTE);
    expect(stage.server.requests).toHaveLength(1);
  });

  test("explains the rejection, with what it was and when", async () => {
    const stage = await open();
    stage.server.always(REVOKED);
    await stage.clock.advance(5 * SECOND);
    const at = stage.clock.now();
    await tell(stage, "risc.sessions_revoked");
    stage.sweep.start();
    await stage.clock.advance(10 * SECOND);
    expect((await stage.held(stage.id)).connection).toMatchObject({
      status: "reauthorization_required",
      diagnosis: {
        cause: "revoked_for_security",
        confidence: "certain",
        evidence: { code: "invalid_grant", security_event: "risc.sessions_revoked", security_event_at: at },
      },
    });
  });

  test("explains a rejection a day long, also after a refresh that still went well", async () => {
    for (const [later, cause] of [
      [DAY - HOUR, "account_disabled"],
      [DAY, "unknown"],
    ] as const) {
      const stage = await open();
      await tell(stage, "risc.account_disabled");
      await expect(stage.refresh(stage.id)).resolves.toEqual({ kind: "renewed" });
      stage.server.always(REVOKED);
      await stage.clock.leap(later);
      await expect(stage.refresh(stage.id)).resolves.toEqual({ kind: "ended" });
      expect((await stage.held(stage.id)).connection).toMatchObject({ diagnosis: { cause } });
    }
  });

  test("that arrives while the provider is asked explains what it answers", async () => {
    const stage = await open();
    stage.server.always(async () => {
      await tell(stage, "oauth.token_revoked");
      return REVOKED(() => ({ kind: "failure", sent: false, reason: "dns" }));
    });
    await expect(stage.refresh(stage.id)).resolves.toEqual({ kind: "ended" });
    expect((await stage.held(stage.id)).connection).toMatchObject({ diagnosis: { cause: "revoked_by_user" } });
  });

  test("says no more than an answer that is certain", async () => {
    const stage = await open({ entry: builtInEntry("google") });
    await tell(stage, "oauth.tokens_revoked");
    stage.server.always(answers(400, { error: "invalid_grant", error_subtype: "invalid_rapt" }));
    await expect(stage.passing(5 * SECOND, stage.refresh(stage.id))).resolves.toEqual({ kind: "ended" });
    expect((await stage.held(stage.id)).connection).toMatchObject({ diagnosis: { cause: "interaction_required" } });
  });

  test("that says more than another one is the cause, in whichever order they come", async () => {
    for (const order of [
      ["risc.account_disabled", "oauth.tokens_revoked"],
      ["oauth.tokens_revoked", "risc.account_disabled"],
    ] as const) {
      const stage = await open();
      for (const type of order) await tell(stage, type);
      stage.server.always(REVOKED);
      await stage.refresh(stage.id);
      expect((await stage.held(stage.id)).connection).toMatchObject({ diagnosis: { cause: "account_disabled" } });
    }
  });

  test("leaves what is over alone, and stands in its history", async () => {
    const stage = await open();
    stage.server.always(REVOKED);
    await stage.refresh(stage.id);
    await tell(stage, "oauth.tokens_revoked");
    stage.sweep.start();
    await stage.clock.advance(MINUTE);
    expect(stage.server.requests).toHaveLength(1);
    expect((await stage.held(stage.id)).connection).toMatchObject({ diagnosis: { cause: "unknown" } });
    expect((await stage.historyOf(stage.id)).at(-1)).toBe("security_event");
  });

  test("is forgotten with a new consent", async () => {
    const stage = await open();
    await tell(stage, "risc.sessions_revoked");
    expect((await stage.held(stage.id)).lease.notice).not.toBeNull();
    const { tokens, connection } = await stage.held(stage.id);
    const commit = { connectionId: stage.id, tokens: { ...tokens, generation: 2 }, dueAt: null, history: [] };
    await stage.connections.reauthorize(commit, connection);
    expect((await stage.held(stage.id)).lease.notice).toBeNull();
  });
});

describe("a withheld access token", () => {
  test("is not handed out while nobody answers, and is followed by another once somebody does", async () => {
    const stage = await open();
    await expect(stage.read(stage.id)).resolves.toMatchObject({ generation: 1 });
    await tell(stage, "risc.sessions_revoked");
    stage.server.always(answers(503, "busy"));
    // Memory is up to five seconds old.
    await stage.clock.advance(5 * SECOND);
    await expect(stage.read(stage.id)).rejects.toMatchObject({ code: "provider_unavailable" });
    stage.server.always(null);
    await stage.clock.leap(10 * MINUTE);
    await expect(stage.read(stage.id)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
  });

  test("stays withheld when another event says less", async () => {
    const stage = await open();
    await tell(stage, "risc.sessions_revoked");
    await tell(stage, "caep.token_claims_change");
    stage.server.always(answers(503, "busy"));
    await expect(stage.read(stage.id)).rejects.toMatchObject({ code: "provider_unavailable" });
  });

  test("is not confirmed by an answer that was asked for before the event", async () => {
    const stage = await open();
    stage.server.always(async (act) => {
      const answer = act();
      await tell(stage, "risc.sessions_revoked");
      return answer;
    });
    await expect(stage.refresh(stage.id)).resolves.toEqual({ kind: "renewed" });
    stage.server.always(null);
    await expect(stage.read(stage.id)).resolves.toMatchObject({ generation: 3 });
  });

  test("is handed out where there is no refresh token that could confirm it", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect({ account: ACCOUNT, withoutRefreshToken: true });
    await tell(stage, "risc.sessions_revoked");
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 1 });
    expect(stage.server.requests).toHaveLength(0);
  });
});

async function openDisabled() {
  const stage = await open();
  await tell(stage, "risc.account_disabled");
  stage.server.always(REVOKED);
  await stage.refresh(stage.id);
  expect((await stage.held(stage.id)).connection).toMatchObject({ diagnosis: { cause: "account_disabled" } });
  return stage;
}

describe("an account that is enabled again", () => {
  test("goes on with the refresh token that was kept, without its user", async () => {
    const stage = await openDisabled();
    stage.server.always(null);
    await tell(stage, "risc.account_enabled");
    stage.sweep.start();
    await stage.clock.advance(2 * SECOND);
    await expect(stage.read(stage.id)).resolves.toMatchObject({ generation: 2 });
    expect((await stage.held(stage.id)).connection).toMatchObject({ status: "active", diagnosis: null });
  });

  test("is tried once, and over where the provider does not take the refresh token", async () => {
    const stage = await openDisabled();
    await tell(stage, "risc.account_enabled");
    stage.sweep.start();
    await stage.clock.advance(MINUTE);
    expect(stage.server.requests).toHaveLength(2);
    expect((await stage.held(stage.id)).connection).toMatchObject({ status: "reauthorization_required" });
  });

  test("leaves alone what ended for another cause", async () => {
    const stage = await open();
    stage.server.always(REVOKED);
    await stage.refresh(stage.id);
    await tell(stage, "risc.account_enabled");
    expect((await stage.held(stage.id)).connection).toMatchObject({ status: "reauthorization_required" });
  });

  test("is no reason to withhold or to explain anything that lives", async () => {
    const stage = await open();
    await tell(stage, "risc.account_disabled", { reason: "hijacking" });
    await tell(stage, "risc.account_enabled");
    await expect(stage.read(stage.id)).resolves.toMatchObject({ generation: 1 });
    expect((await stage.held(stage.id)).lease.notice).toBeNull();
  });
});
