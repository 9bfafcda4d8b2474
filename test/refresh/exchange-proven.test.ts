import { describe, expect, test } from "vitest";
import { PROOFS, type ClientSecret } from "../../src/client/client-secret.ts";
import { PROBE_INTERVAL } from "../../src/client/client.ts";
import { createRefresher } from "../../src/refresh/refresh.ts";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { replaceSecret, stageSecret } from "../field/refused-client.ts";
import { openEngineStage, openInstances, type EngineStage } from "../stage/engine-stage.ts";
import { storeIsDown } from "../stage/faulty-connection-store.ts";
import { createGate } from "../stage/gate.ts";
import { answer, answers, fails, losesItsAnswer, takes, waitsFor, type Play } from "../stage/plays.ts";
import type { SimulatedAuthorizationServer } from "../stage/simulated-authorization-server.ts";
import { CLIENT_SECRET } from "../stage/world.ts";

const NEXT = "the-next-secret";
const REFUSAL = answer(401, { error: "invalid_client" });
const EMERGENCY = { keepMs: 0, makesRoom: true };

/** From now on the server knows the client by these secrets. */
function knows(server: SimulatedAuthorizationServer, ...secrets: string[]): void {
  server.always((act) => (secrets.includes(secretOf(server.requests.at(-1))) ? act() : REFUSAL));
}

function secretOf(request: { form: URLSearchParams } | undefined): string {
  return request?.form.get("client_secret") ?? "";
}

function sent({ server }: Pick<EngineStage, "server">): string[] {
  return server.requests.map(secretOf);
}

/** A server that ends the whole family of a refresh token that comes twice. */
async function open(connections = 1): Promise<{ stage: EngineStage; ids: string[]; id: string }> {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const ids: string[] = [];
  for (let count = 0; count < connections; count++) ids.push(await stage.connect());
  return { stage, ids, id: ids[0] ?? "" };
}

async function secretsOf({ clients, clientId }: EngineStage): Promise<ClientSecret[]> {
  return clients.listSecrets([clientId]);
}

async function find(stage: EngineStage, id: string): Promise<ClientSecret> {
  const found = (await secretsOf(stage)).find((secret) => secret.id === id);
  if (!found) throw new Error(`There is no ${id}.`);
  return found;
}

async function activeOf({ clients, clientId }: EngineStage): Promise<string | undefined> {
  return (await clients.activeSecret(clientId))?.id;
}

/** Nobody is told, and nothing is left of it. */
async function expectUnnoticed(stage: EngineStage, id: string, generation: number): Promise<void> {
  const { connection, tokens, lease } = await stage.held(id);
  expect(connection).toMatchObject({ status: "active", diagnosis: null });
  expect(tokens.generation).toBe(generation);
  expect(lease).toMatchObject({ owner: null, failures: 0, attemptGeneration: null, unanswered: 0 });
  expect(stage.observer.of("client.suspended")).toEqual([]);
  expect(stage.observer.of("refresh.failed")).toEqual([]);
  expect(stage.server.reuses()).toBe(0);
}

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

describe("an active secret that ends", () => {
  test("gives way to the staged one within the same refresh, and no later one pays for it", async () => {
    const { stage, ids, id } = await open(2);
    const before = await activeOf(stage);
    const staged = await stageSecret(stage, NEXT);
    await stage.clients.claimTrial(staged);
    knows(stage.server, NEXT);
    for (const each of ids) await expect(stage.refresh(each)).resolves.toEqual({ kind: "renewed" });
    expect(sent(stage)).toEqual([CLIENT_SECRET, NEXT, NEXT]);
    await expectUnnoticed(stage, id, 2);
    expect(await activeOf(stage)).toBe(staged);
    expect(stage.observer.of("client.secret_switched")).toEqual([
      { clientId: stage.clientId, secretId: staged, insteadOf: before, code: "invalid_client" },
    ]);
  });

  test("gives way to one that was refused when it was too young", async () => {
    const { stage, ids } = await open(2);
    const staged = await stageSecret(stage, NEXT);
    knows(stage.server, CLIENT_SECRET);
    await stage.refresh(ids[0] ?? "");
    knows(stage.server, NEXT);
    await expect(stage.refresh(ids[1] ?? "")).resolves.toEqual({ kind: "renewed" });
    expect(await find(stage, staged)).toMatchObject({ state: "active", refusal: null });
  });

  test("gives way to the one before, where its successor came too early", async () => {
    const { stage, id } = await open();
    const old = await activeOf(stage);
    const early = await replaceSecret(stage, NEXT);
    knows(stage.server, CLIENT_SECRET);
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
    expect(sent(stage)).toEqual([NEXT, CLIENT_SECRET]);
    expect(await activeOf(stage)).toBe(old);
    expect(await find(stage, early)).toMatchObject({ state: "staged", refusal: { code: "invalid_client" } });
  });

  test("does not hide that a token was rejected with the staged one, with which the client was let in", async () => {
    const { stage, ids, id } = await open(2);
    const staged = await stageSecret(stage, NEXT);
    stage.server.revoke("refresh-1-1");
    knows(stage.server, NEXT);
    await expect(stage.passing(10 * SECOND, stage.refresh(id))).resolves.toEqual({ kind: "ended" });
    expect(sent(stage)).toEqual([NEXT, CLIENT_SECRET]);
    expect(stage.observer.of("client.suspended")).toEqual([]);
    expect(await activeOf(stage)).toBe(staged);
    await expect(stage.refresh(ids[1] ?? "")).resolves.toEqual({ kind: "renewed" });
  });

  test("that came too early is asked about again by a refresh that had to wait for the store, and not held to be refused still", async () => {
    const { stage, id } = await open();
    await replaceSecret(stage, NEXT);
    let isAway = false;
    const clients = {
      ...stage.clients,
      liveSecrets: async (clientId: string) => {
        if (isAway) throw storeIsDown();
        return stage.clients.liveSecrets(clientId);
      },
    };
    const refresher = createRefresher({ ...stage.ports, clients });
    stage.server.script(() => {
      isAway = true;
      return REFUSAL;
    });
    const refresh = refresher.refresh({ connectionId: id, generation: 1, origin: "manual" });
    await stage.clock.advance(MINUTE);
    knows(stage.server, NEXT);
    isAway = false;
    await expect(stage.passing(MINUTE, refresh)).resolves.toEqual({ kind: "renewed" });
    expect(sent(stage)).toEqual([NEXT, NEXT]);
    expect(stage.observer.of("client.suspended")).toEqual([]);
  });

  test("suspends the client where there is no other, and its successor brings it back with the first request", async () => {
    const { stage, id } = await open();
    knows(stage.server, NEXT);
    await expect(stage.refresh(id)).resolves.toMatchObject({ kind: "client_suspended" });
    await stageSecret(stage, NEXT);
    await stage.clock.advance(PROBE_INTERVAL);
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
    expect(stage.observer.of("client.resumed")).toHaveLength(1);
    expect((await stage.clients.find(stage.clientId))?.suspension).toBeNull();
  });

  test("and was replaced while it was on its way is seen to be, and erased ones are not used again", async () => {
    const { stage, ids } = await open(2);
    const gate = createGate();
    knows(stage.server, NEXT);
    stage.server.script(waitsFor(gate, answers(401, { error: "invalid_client" })));
    const refresh = stage.refresh(ids[0] ?? "");
    await expect.poll(() => stage.server.requests.length).toBe(1);
    await replaceSecret(stage, NEXT, EMERGENCY);
    gate.open();
    await expect(refresh).resolves.toEqual({ kind: "renewed" });
    await stage.refresh(ids[1] ?? "");
    expect(sent(stage)).toEqual([CLIENT_SECRET, NEXT, NEXT]);
    expect(stage.observer.of("client.suspended")).toEqual([]);
  });

  test("is not tried again by anybody once it leaked, however wrong its successor is", async () => {
    const { stage, id } = await open();
    await replaceSecret(stage, "mistyped", EMERGENCY);
    knows(stage.server, CLIENT_SECRET);
    await expect(stage.refresh(id)).resolves.toMatchObject({ kind: "client_suspended" });
    expect(sent(stage)).toEqual(["mistyped"]);
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
