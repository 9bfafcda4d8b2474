import { expect, test } from "vitest";
import { failureRule } from "../../src/provider/failure-rule.ts";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { answers } from "../stage/plays.ts";

const REFUSED = answers(400, { error: "invalid_grant", error_description: "ip restricted" });

/** A provider that restricts from where it may be used; what stands in the way is lifted by a person. */
async function openRestricted(fields: { cause?: string; who_acts?: string | null } = {}) {
  const stage = await openEngineStage();
  const provider = await stage.catalogue.find("provider");
  if (!provider) throw new Error("The stage has no provider.");
  const rule = failureRule.parse({
    match: { text: ["ip restricted"] },
    meaning: "It restricts from where it may be used.",
    outcome: "retry_later",
    cause: "revoked_by_admin",
    who_acts: "customer_admin",
    again_after_seconds: 3600,
    ...fields,
  });
  await stage.catalogue.put({ ...provider, failure_rules: [rule] });
  stage.server.always(REFUSED);
  return { stage, id: await stage.connect() };
}

async function refreshHourly(stage: EngineStage, id: string, times: number): Promise<void> {
  for (let attempt = 0; attempt < times; attempt++) {
    await stage.clock.advance(HOUR);
    await stage.refresh(id);
  }
}

test("what a person has to lift degrades the connection at once, says who, and waits as long as the rule says", async () => {
  const { stage, id } = await openRestricted();
  const before = await stage.held(id);
  const retryAt = stage.clock.now() + HOUR;
  await expect(stage.refresh(id)).resolves.toEqual({ kind: "retry_later", cause: "revoked_by_admin", retryAt });
  const { connection, lease, tokens } = await stage.held(id);
  expect(connection.status).toBe("degraded");
  expect(connection.diagnosis).toEqual({
    cause: "revoked_by_admin",
    confidence: "certain",
    evidence: { code: "invalid_grant", failures: 1 },
    whoActs: "customer_admin",
  });
  expect(lease).toMatchObject({ backoffUntil: retryAt, dueAt: retryAt, failures: 1, rejectedAt: null });
  expect(tokens).toEqual(before.tokens);
  expect(await stage.historyOf(id)).toEqual(["connected", "refresh_failed", "degraded"]);
  expect(stage.observer.of("connection.degraded")).toEqual([{ connectionId: id, cause: "revoked_by_admin" }]);
});

test("it is asked again when the hour is over, by whomever, and not before", async () => {
  const { stage, id } = await openRestricted();
  await stage.refresh(id);
  await stage.clock.advance(HOUR - 1);
  for (const origin of ["ahead", "reader", "manual", "rejected"] as const) {
    await expect(stage.refresh(id, { origin })).resolves.toMatchObject({
      kind: "retry_later",
      cause: "revoked_by_admin",
    });
  }
  expect(stage.server.requests).toHaveLength(1);
  await stage.clock.advance(1);
  await stage.refresh(id);
  expect(stage.server.requests).toHaveLength(2);
});

test("it is said once, however often it is refused, and the history is not filled with it", async () => {
  const { stage, id } = await openRestricted();
  await refreshHourly(stage, id, 6);
  expect(stage.server.requests).toHaveLength(6);
  const failures = ["refresh_failed", "degraded", "refresh_failed", "refresh_failed"];
  expect(await stage.historyOf(id)).toEqual(["connected", ...failures]);
  expect(stage.observer.of("connection.degraded")).toHaveLength(1);
  expect((await stage.held(id)).connection.diagnosis).toMatchObject({ evidence: { failures: 6 } });
});

test("once it is lifted the connection heals by itself, with the refresh token that it had", async () => {
  const { stage, id } = await openRestricted();
  stage.sweep.start();
  await stage.clock.leap(55 * MINUTE);
  await stage.clock.advance(SECOND);
  expect((await stage.held(id)).connection.status).toBe("degraded");
  stage.server.always(null);
  await stage.clock.leap(HOUR);
  await stage.clock.advance(SECOND);
  const { connection, lease } = await stage.held(id);
  expect(connection).toMatchObject({ status: "active", diagnosis: null });
  expect(lease).toMatchObject({ failures: 0, cause: null, backoffUntil: 0 });
  expect(stage.server.requests.map(({ refreshToken }) => refreshToken)).toEqual(["refresh-1-1", "refresh-1-1"]);
  expect(stage.observer.of("connection.recovered")).toEqual([{ connectionId: id, was: "degraded" }]);
});

test("a reader gets the token that lives, and then who can help", async () => {
  const { stage, id } = await openRestricted();
  await stage.refresh(id);
  await expect(stage.read(id)).resolves.toMatchObject({ generation: 1, refreshState: "failing" });
  await stage.clock.advance(HOUR);
  await expect(stage.read(id)).rejects.toMatchObject({
    code: "provider_unavailable",
    facts: { reason: "revoked_by_admin", whoActs: "customer_admin", connectionId: id, retryAfterMs: HOUR },
  });
});

test("one connection's wrong client is the operator's matter, and leaves the client and its others alone", async () => {
  const { stage, id } = await openRestricted({ cause: "client_secret_rejected", who_acts: "operator" });
  const other = await stage.connect();
  stage.server.script(REFUSED);
  stage.server.always(null);
  await expect(stage.refresh(id)).resolves.toMatchObject({ kind: "retry_later", cause: "client_secret_rejected" });
  expect((await stage.held(id)).connection).toMatchObject({ status: "degraded", diagnosis: { whoActs: "operator" } });
  expect(stage.observer.of("client.suspended")).toEqual([]);
  await expect(stage.refresh(other)).resolves.toEqual({ kind: "renewed" });
  expect((await stage.held(other)).connection.status).toBe("active");
});

test("where the rule names nobody, it passes like any other failure", async () => {
  const { stage, id } = await openRestricted({ cause: "provider_unavailable", who_acts: null });
  await stage.refresh(id);
  expect((await stage.held(id)).connection).toMatchObject({ status: "active", diagnosis: null });
  expect((await stage.held(id)).lease.backoffUntil).toBe(stage.clock.now() + HOUR);
  await refreshHourly(stage, id, 2);
  const { diagnosis } = (await stage.held(id)).connection;
  expect(diagnosis).toMatchObject({ cause: "provider_unavailable", evidence: { failures: 3 } });
  expect(diagnosis).not.toHaveProperty("whoActs");
});
