import { describe, expect, test } from "vitest";
import { providerSchema } from "../../src/provider/provider.ts";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, openInstances } from "../stage/engine-stage.ts";
import { createGate } from "../stage/gate.ts";
import { answer, answers, losesItsAnswer, takes } from "../stage/plays.ts";
import type { ServerBehaviour } from "../stage/simulated-authorization-server.ts";

const REJECTION = { error: "invalid_grant" };
const REJECTED = answers(400, REJECTION);

const HARMLESS: Partial<ServerBehaviour>[] = [
  { rotation: false },
  { reuse: "until_used" },
  { reuse: { windowMs: MINUTE } },
];

describe.each(HARMLESS)("where a token may be sent again (%j), the provider is asked twice", (server) => {
  test("three seconds apart, and a rejection by mistake is forgotten", async () => {
    const stage = await openEngineStage({ server });
    const id = await stage.connect();
    stage.server.script(REJECTED);
    await expect(stage.passing(3 * SECOND, stage.refresh(id))).resolves.toEqual({ kind: "renewed" });
    const [first, second] = stage.server.requests;
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBe(3 * SECOND);
    expect((await stage.held(id)).connection).toMatchObject({ status: "active", diagnosis: null });
    expect(await stage.historyOf(id)).toEqual(["connected", "refreshed"]);
  });

  test("and the second rejection is believed", async () => {
    const stage = await openEngineStage({ server });
    const id = await stage.connect();
    stage.server.revoke("refresh-1-1");
    await expect(stage.passing(3 * SECOND, stage.refresh(id))).resolves.toEqual({ kind: "ended" });
    expect(stage.server.requests).toHaveLength(2);
    expect((await stage.held(id)).connection.diagnosis).toMatchObject({ cause: "unknown", confidence: "possible" });
  });

  test("and in between nobody is kept from it: what another instance brings is adopted", async () => {
    const { a, b, ...stage } = await openInstances({ server });
    const id = await stage.connect();
    stage.server.script(REJECTED);
    const first = a.refresh(id);
    await stage.clock.advance(SECOND);
    await expect(b.refresh(id)).resolves.toEqual({ kind: "renewed" });
    await expect(stage.passing(2 * SECOND, first)).resolves.toEqual({ kind: "renewed" });
    expect(stage.server.requests).toHaveLength(2);
  });
});

describe.each<Partial<ServerBehaviour>>([{ reuse: "none" }, { reuse: "punished" }])("where not (%j)", (server) => {
  test("it is asked once, and believed at once", async () => {
    const stage = await openEngineStage({ server });
    const id = await stage.connect();
    stage.server.script(REJECTED);
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "ended" });
    expect(stage.server.requests).toHaveLength(1);
  });

  test("somebody who may hold the answer to an earlier send has three seconds to store it", async () => {
    const { a, b, ...stage } = await openInstances({ server });
    const id = await stage.connect();
    const gate = createGate();
    stage.server.script(takes(stage.clock, SECOND));
    a.store.hold("commit", gate);
    const paused = a.refresh(id);
    await stage.clock.advance(SECOND);
    a.link.state = "down";
    await stage.clock.advance(2 * MINUTE);
    const refresh = b.refresh(id);
    await stage.clock.advance(2 * SECOND);
    expect(stage.server.requests).toHaveLength(2);
    a.link.state = "up";
    gate.open();
    const results = await stage.passing(2 * SECOND, Promise.all([paused, refresh]));
    expect(results).toEqual([{ kind: "renewed" }, { kind: "renewed" }]);
    expect((await stage.held(id)).connection.status).toBe("active");
    expect(stage.server.requests).toHaveLength(2);
  });
});

test("a window that has closed since the first send is no reason to ask again", async () => {
  const stage = await openEngineStage({ server: { reuse: { windowMs: 30 * SECOND } } });
  const id = await stage.connect();
  stage.server.script(losesItsAnswer);
  await stage.refresh(id);
  await stage.clock.advance(2 * MINUTE);
  await expect(stage.passing(3 * SECOND, stage.refresh(id))).resolves.toEqual({ kind: "ended" });
  expect(stage.server.requests).toHaveLength(2);
});

test("a lost answer is still the likelier cause after the second opinion", async () => {
  const stage = await openEngineStage({ server: { reuse: { windowMs: 10 * MINUTE } } });
  const id = await stage.connect();
  const sentAt = stage.clock.now();
  stage.server.script(losesItsAnswer);
  await stage.refresh(id);
  stage.server.revoke("refresh-1-1");
  await stage.clock.advance(MINUTE);
  await expect(stage.passing(6 * SECOND, stage.refresh(id))).resolves.toEqual({ kind: "ended" });
  expect(stage.server.requests).toHaveLength(3);
  expect((await stage.held(id)).connection.diagnosis).toMatchObject({
    cause: "rotation_lost",
    evidence: { answer_lost_at: sentAt },
  });
});

test("a database that comes back in between is not told of a claim that was given back", async () => {
  const stage = await openEngineStage({ server: { rotation: false } });
  const id = await stage.connect();
  stage.server.script(REJECTED);
  const refresh = stage.refresh(id);
  await stage.clock.advance(SECOND);
  await stage.refresher.reassertClaims("outage");
  expect((await stage.held(id)).lease).toMatchObject({ owner: null, unanswered: 0 });
  await expect(stage.passing(2 * SECOND, refresh)).resolves.toEqual({ kind: "renewed" });
});

/** It is known to reject now and then, and to mean it only when it says so again five minutes later. */
async function moody() {
  const stage = await openEngineStage({ server: { reuse: "none" } });
  const entry = await stage.catalogue.find("provider");
  const rule = { match: { code: ["invalid_grant"] }, meaning: "Perhaps.", outcome: "rejected", cause: "unknown" };
  const rules = [{ ...rule, confidence: "possible", confirm_after_seconds: 300 }];
  await stage.catalogue.put(providerSchema.parse({ ...entry, failure_rules: rules }));
  return { stage, id: await stage.connect() };
}

describe("where the provider says so of healthy tokens too", () => {
  test("a rejection is believed when it is said again", async () => {
    const { stage, id } = await moody();
    stage.server.always(REJECTED);
    await expect(stage.refresh(id)).resolves.toMatchObject({ kind: "retry_later", cause: "unknown" });
    expect((await stage.held(id)).connection.status).toBe("degraded");
    await stage.clock.advance(5 * MINUTE - 1);
    await stage.refresh(id);
    expect(stage.server.requests).toHaveLength(1);
    await stage.clock.advance(1);
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "ended" });
    expect(stage.server.requests).toHaveLength(2);
  });

  test("and forgotten when it is not", async () => {
    const { stage, id } = await moody();
    stage.server.script(REJECTED);
    await stage.refresh(id);
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 1, refreshState: "failing" });
    await stage.clock.advance(5 * MINUTE);
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
    expect((await stage.held(id)).connection).toMatchObject({ status: "active", diagnosis: null });
    expect(await stage.historyOf(id)).toEqual(["connected", "rejection_held", "degraded", "refreshed", "recovered"]);
  });
});

test("an outage in between leaves the question open", async () => {
  const stage = await openEngineStage({ server: { rotation: false } });
  const id = await stage.connect();
  stage.server.script(REJECTED, answers(503, ""));
  await expect(stage.passing(3 * SECOND, stage.refresh(id))).resolves.toMatchObject({ kind: "retry_later" });
  expect((await stage.held(id)).connection.status).toBe("active");
  await stage.clock.advance(5 * SECOND);
  await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
});

test("a token that its former owner has journaled since is brought to the store instead of condemning", async () => {
  const { a, b, ...stage } = await openInstances({ sameHost: true });
  const id = await stage.connect();
  const gate = createGate();
  a.journal.hold(gate);
  void a.refresh(id);
  await stage.clock.advance(0);
  a.link.state = "down";
  await stage.clock.advance(2 * MINUTE);
  stage.server.script(async () => {
    gate.open();
    await stage.clock.sleep(100);
    return answer(400, REJECTION);
  });
  await expect(stage.passing(SECOND, b.refresh(id))).resolves.toEqual({ kind: "renewed" });
  expect(await stage.tokensOf(id)).toMatchObject({ generation: 2, refreshToken: "refresh-1-2" });
  expect(b.observer.of("journal.replayed")).toHaveLength(1);
  expect(stage.server.requests).toHaveLength(2);
});

describe("a rejection ends nothing", () => {
  test("when another instance has claimed meanwhile: it is waited for", async () => {
    const { a, b, ...stage } = await openInstances({ server: { rotation: false } });
    const id = await stage.connect();
    const gate = createGate();
    stage.server.script(REJECTED, REJECTED, takes(stage.clock, 5 * SECOND));
    a.store.hold("reject", gate);
    const paused = a.refresh(id);
    await stage.clock.advance(70 * SECOND);
    const other = b.refresh(id);
    await stage.clock.advance(SECOND);
    gate.open();
    const results = await stage.passing(5 * SECOND, Promise.all([paused, other]));
    expect(results).toEqual([{ kind: "renewed" }, { kind: "renewed" }]);
    expect(stage.server.requests).toHaveLength(3);
    expect(await stage.historyOf(id)).toEqual(["connected", "refreshed"]);
  });

  test("when the connection was disconnected meanwhile", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    stage.server.script(REJECTED);
    const entry = { kind: "disconnected", generation: 1, detail: {} } as const;
    stage.store.before("reject", () => stage.connections.disconnect(id, entry));
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "ended" });
    expect((await stage.held(id)).connection.status).toBe("disconnected");
    expect(stage.observer.of("connection.reauthorization_required")).toEqual([]);
  });
});
