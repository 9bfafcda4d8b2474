import { describe, expect, test } from "vitest";
import { PROOFS } from "../../src/client/client-secret.ts";
import { createRefresher } from "../../src/refresh/refresh.ts";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { stageSecret } from "../field/refused-client.ts";
import { openEngineStage, openInstances } from "../stage/engine-stage.ts";
import { storeIsDown } from "../stage/faulty-connection-store.ts";
import { createGate } from "../stage/gate.ts";
import { answer, answers, fails, losesItsAnswer, takes, waitsFor, type Play } from "../stage/plays.ts";
import { CLIENT_SECRET } from "../stage/world.ts";
import { activeOf, expectUnnoticed, find, knows, NEXT, open, secretOf, secretsOf, sent } from "./secret-stage.ts";

describe("a staged secret that is good", () => {
  test("is tried by three refreshes and by no more, at one request each", async () => {
    const { stage, ids } = await open(5);
    const staged = await stageSecret(stage, NEXT);
    knows(stage.server, CLIENT_SECRET, NEXT);
    for (const id of ids) await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
    expect(sent(stage)).toEqual([NEXT, NEXT, NEXT, CLIENT_SECRET, CLIENT_SECRET]);
    for (const id of ids) await expectUnnoticed(stage, id, 2);
    expect(await find(stage, staged)).toMatchObject({ state: "staged", provenCount: PROOFS });
  });

  test("is tried by one refresh at a time, in however many instances", async () => {
    const { a, b, ...scene } = await openInstances({ server: { reuse: "punished" } });
    const ids = [await scene.connect(), await scene.connect(), await scene.connect()];
    await stageSecret(scene, NEXT);
    const gate = createGate();
    scene.server.script(waitsFor(gate));
    const first = a.refresh(ids[0] ?? "");
    await expect.poll(() => scene.server.requests.length).toBe(1);
    await Promise.all([a.refresh(ids[1] ?? ""), b.refresh(ids[2] ?? "")]);
    gate.open();
    await first;
    expect(sent(scene)).toEqual([NEXT, CLIENT_SECRET, CLIENT_SECRET]);
  });

  test("takes its place with the last proof, where that was asked for", async () => {
    const { stage, ids } = await open(4);
    const staged = await stageSecret(stage, NEXT, { promotesItself: true });
    knows(stage.server, CLIENT_SECRET, NEXT);
    for (const id of ids.slice(0, 3)) await stage.refresh(id);
    expect(stage.observer.of("client.secret_promoted")).toEqual([
      { clientId: stage.clientId, secretId: staged, by: null },
    ]);
    knows(stage.server, NEXT);
    await stage.refresh(ids[3] ?? "");
    expect(sent(stage)).toEqual([NEXT, NEXT, NEXT, NEXT]);
  });

  test("is not tried by a refresh that takes over, or by the probe of a suspended client", async () => {
    const stage = await openEngineStage({ server: { reuse: { windowMs: 10 * MINUTE } } });
    const id = await stage.connect();
    stage.server.script(losesItsAnswer);
    await stage.refresh(id);
    await stageSecret(stage, NEXT);
    await stage.clock.advance(MINUTE);
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
    const { clients, clientId } = stage;
    await clients.suspend(clientId, { cause: "client_disabled", code: "x", probeAt: stage.clock.now() });
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
    expect(sent(stage)).toEqual([CLIENT_SECRET, CLIENT_SECRET, CLIENT_SECRET]);
  });
});

describe("a staged secret that the server does not know", () => {
  test("costs one request more, is marked, and nobody notices", async () => {
    const { stage, ids, id } = await open(2);
    const staged = await stageSecret(stage, NEXT);
    knows(stage.server, CLIENT_SECRET);
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
    expect(sent(stage)).toEqual([NEXT, CLIENT_SECRET]);
    await stage.refresh(ids[1] ?? "");
    expect(sent(stage)).toHaveLength(3);
    await expectUnnoticed(stage, id, 2);
    expect(await find(stage, staged)).toMatchObject({ state: "staged", refusal: { code: "invalid_client" } });
    expect(stage.observer.of("client.secret_refused")).toEqual([
      { clientId: stage.clientId, secretId: staged, code: "invalid_client" },
    ]);
  });

  test("is not held against it while the server refuses every secret", async () => {
    const { stage, id } = await open();
    const staged = await stageSecret(stage, NEXT);
    knows(stage.server);
    await expect(stage.refresh(id)).resolves.toMatchObject({ kind: "client_suspended" });
    expect(sent(stage)).toEqual([NEXT, CLIENT_SECRET]);
    expect(await find(stage, staged)).toMatchObject({ refusal: null, provenCount: 0 });
    expect(stage.observer.of("client.suspended")).toHaveLength(1);
  });

  test("and whose refusal comes late is given up in this claim, and the active one is sent in the next", async () => {
    const { stage, id } = await open();
    await stageSecret(stage, NEXT);
    knows(stage.server, CLIENT_SECRET);
    stage.server.script(takes(stage.clock, 26 * SECOND, answers(401, { error: "invalid_client" })));
    await expect(stage.passing(30 * SECOND, stage.refresh(id))).resolves.toEqual({ kind: "renewed" });
    expect(sent(stage)).toEqual([NEXT, CLIENT_SECRET]);
    await expectUnnoticed(stage, id, 2);
    expect((await stage.held(id)).lease.epoch).toBe(2);
    expect(stage.observer.of("client.secret_refused")).toHaveLength(1);
  });

  test("does not make the answer to the second request less precious", async () => {
    const { stage, id } = await open();
    await stageSecret(stage, NEXT);
    stage.server.script(answers(401, { error: "invalid_client" }), losesItsAnswer);
    await expect(stage.refresh(id)).resolves.toMatchObject({ kind: "retry_later" });
    expect((await stage.held(id)).lease).toMatchObject({ unanswered: 1, attemptGeneration: 1 });
    expect((await secretsOf(stage)).map(({ refusal }) => refusal)).toEqual([null, null]);
  });

  test.each<[string, Play]>([
    ["an outage", answers(503, "")],
    ["no answer", fails("timeout", { sent: true })],
    ["a code that nobody knows", answers(400, { error: "bad_hair_day" })],
    ["a client that is disabled", answers(401, { error: "deleted_client" })],
  ])("is not seen in %s, so that nothing is sent a second time", async (_, play) => {
    const { stage, id } = await open();
    const staged = await stageSecret(stage, NEXT);
    stage.server.script(play);
    await stage.refresh(id);
    expect(sent(stage)).toEqual([NEXT]);
    expect(await find(stage, staged)).toMatchObject({ refusal: null, provenCount: 0 });
  });
});

describe("a server that binds refresh tokens to the secret they came with", () => {
  const REJECTION = answer(400, { error: "invalid_grant" });

  test("loses no connection to a trial: the active secret is asked about too", async () => {
    const { stage, id } = await open();
    const staged = await stageSecret(stage, NEXT);
    stage.server.always((act) => (secretOf(stage.server.requests.at(-1)) === NEXT ? REJECTION : act()));
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
    await expectUnnoticed(stage, id, 2);
    expect(await find(stage, staged)).toMatchObject({ refusal: { code: "invalid_grant" } });
  });

  test("is believed when it rejects the token with either, and neither secret is blamed", async () => {
    const { stage, id } = await open();
    const staged = await stageSecret(stage, NEXT);
    stage.server.always(() => REJECTION);
    await expect(stage.passing(10 * SECOND, stage.refresh(id))).resolves.toEqual({ kind: "ended" });
    expect(await find(stage, staged)).toMatchObject({ refusal: null });
  });
});

test("a store that is away between the two requests is waited for", async () => {
  const { stage, id } = await open();
  const staged = await stageSecret(stage, NEXT);
  knows(stage.server, CLIENT_SECRET);
  let reads = 0;
  const clients = {
    ...stage.clients,
    liveSecrets: async (clientId: string) => {
      reads++;
      if (reads === 2 || reads === 3) throw storeIsDown();
      return stage.clients.liveSecrets(clientId);
    },
  };
  const refresher = createRefresher({ ...stage.ports, clients });
  const refresh = refresher.refresh({ connectionId: id, generation: 1, origin: "manual" });
  await expect(stage.passing(SECOND, refresh)).resolves.toEqual({ kind: "renewed" });
  expect(await find(stage, staged)).toMatchObject({ refusal: { code: "invalid_client" } });
});

test("when a secret was used is written once a minute, and a write that fails harms nothing", async () => {
  const { stage, id } = await open();
  const active = (await activeOf(stage)) ?? "";
  const start = stage.clock.now();
  let writes = 0;
  const clients = {
    ...stage.clients,
    markSecretUsed: async (secretId: string) => {
      if (writes++ === 0) throw storeIsDown();
      await stage.clients.markSecretUsed(secretId);
    },
  };
  const refresher = createRefresher({ ...stage.ports, clients });
  const refresh = (generation: number) => refresher.refresh({ connectionId: id, generation, origin: "manual" });
  for (const generation of [1, 2, 3]) await expect(refresh(generation)).resolves.toEqual({ kind: "renewed" });
  expect(writes).toBe(2);
  expect((await find(stage, active)).lastUsedAt).toBe(start);
  await stage.clock.advance(MINUTE);
  await refresh(4);
  expect((await find(stage, active)).lastUsedAt).toBe(start + MINUTE);
  expect(stage.observer.of("store.failed")).toEqual([{ code: "store_unavailable" }]);
});
