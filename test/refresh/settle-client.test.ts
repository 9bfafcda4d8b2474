import { describe, expect, test } from "vitest";
import { PROBE_INTERVAL } from "../../src/client/client.ts";
import { createRefresher } from "../../src/refresh/refresh.ts";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { storeIsDown } from "../stage/faulty-connection-store.ts";
import { answers, type Play } from "../stage/plays.ts";

const REFUSED: Play = answers(401, { error: "invalid_client" });

async function suspended(connections = 3): Promise<{ stage: EngineStage; ids: string[] }> {
  const stage = await openEngineStage();
  const ids = await Promise.all(Array.from({ length: connections }, () => stage.connect()));
  stage.server.always(REFUSED);
  await stage.refresh(ids[0] ?? "");
  return { stage, ids };
}

async function suspension(stage: EngineStage) {
  return (await stage.clients.find(stage.clientId))?.suspension ?? null;
}

describe("a provider that refuses the client", () => {
  test("suspends it and touches no connection", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const before = await stage.held(id);
    stage.server.script(REFUSED);
    const now = stage.clock.now();
    const result = await stage.refresh(id);
    expect(result).toEqual({
      kind: "client_suspended",
      cause: "client_secret_rejected",
      retryAt: now + PROBE_INTERVAL,
    });
    const diagnosis = { cause: "client_secret_rejected", confidence: "certain", evidence: { code: "invalid_client" } };
    const shown = { ...before.connection, status: "suspended", statusSince: now, diagnosis };
    const lease = { ...before.lease, epoch: 1 };
    expect(await stage.held(id)).toEqual({ ...before, lease, connection: shown, clientProbeAt: now + PROBE_INTERVAL });
    expect(await suspension(stage)).toEqual({
      cause: "client_secret_rejected",
      code: "invalid_client",
      since: now,
      probeAt: now + PROBE_INTERVAL,
    });
    expect(stage.observer.of("client.suspended")).toHaveLength(1);
    await stage.clients.resume(stage.clientId);
    expect(await stage.held(id)).toEqual({ ...before, lease });
  });

  test.each([
    ["invalid_client", "client_secret_rejected"],
    ["unauthorized_client", "client_secret_rejected"],
    ["deleted_client", "client_disabled"],
    ["disabled_client", "client_disabled"],
  ])("with %s is said to be %s", async (error, cause) => {
    const stage = await openEngineStage();
    stage.server.script(answers(400, { error }));
    await stage.refresh(await stage.connect());
    expect(await suspension(stage)).toMatchObject({ cause, code: error });
  });

  test("gets nothing from the client's other connections until a probe is due, from readers neither", async () => {
    const { stage, ids } = await suspended();
    await stage.clock.advance(PROBE_INTERVAL - 1);
    for (const id of ids) await expect(stage.refresh(id)).resolves.toMatchObject({ kind: "client_suspended" });
    expect(stage.server.requests).toHaveLength(1);
  });

  test("then gets one probe, however many connections are waiting", async () => {
    const { stage, ids } = await suspended(10);
    await stage.clock.advance(PROBE_INTERVAL);
    const results = await Promise.all(ids.map((id) => stage.refresh(id)));
    expect(new Set(results.map(({ kind }) => kind))).toEqual(new Set(["client_suspended"]));
    expect(stage.server.requests).toHaveLength(2);
    await stage.clock.advance(PROBE_INTERVAL - 1);
    await Promise.all(ids.map((id) => stage.refresh(id)));
    expect(stage.server.requests).toHaveLength(2);
    expect(stage.observer.of("client.suspended")).toHaveLength(1);
  });

  test("and accepts the probe resumes the client and all that waits for it", async () => {
    const { stage, ids } = await suspended(5);
    stage.server.always(null);
    await stage.clock.advance(PROBE_INTERVAL);
    await Promise.all(ids.map((id) => stage.refresh(id)));
    expect(stage.observer.of("client.resumed")).toEqual([{ clientId: stage.clientId }]);
    expect(await suspension(stage)).toBeNull();
    const results = await Promise.all(ids.map((id) => stage.refresh(id, { generation: 1 })));
    expect(results.map(({ kind }) => kind)).toEqual(Array(5).fill("renewed"));
  });

  test("for two hours costs one request a minute with a sweep over fifty due connections, and condemns none", async () => {
    const stage = await openEngineStage();
    const ids = await Promise.all(Array.from({ length: 50 }, () => stage.connect({ expiresIn: 60 })));
    stage.server.always(REFUSED);
    stage.sweep.start();
    await stage.clock.advance(120 * MINUTE);
    const { length } = stage.server.requests;
    expect(length).toBeGreaterThan(100);
    // The first round has all that is due under way before the first answer suspends the client.
    expect(length).toBeLessThan(120 + 50);
    stage.server.always(null);
    await stage.clock.advance(2 * MINUTE);
    const held = await Promise.all(ids.map((id) => stage.held(id)));
    expect(new Set(held.map(({ connection }) => connection.status))).toEqual(new Set(["active"]));
    expect(Math.min(...held.map(({ tokens }) => tokens.generation))).toBe(2);
  });

  test("leaves the connections of other clients alone", async () => {
    const { stage } = await suspended();
    const server = await stage.addServer("other");
    const clientId = await stage.addClient(server);
    const id = await stage.connect({ server, clientId });
    await expect(stage.refresh(id)).resolves.toEqual({ kind: "renewed" });
  });

  test("is not asked about a connection that backs off from a failure of its own, and its probe is not spent on it", async () => {
    const { stage, ids } = await suspended(2);
    const [first = "", second = ""] = ids;
    await stage.clock.advance(PROBE_INTERVAL);
    // Not an outage: that would be a reason to leave the host alone, and all of its connections.
    stage.server.always(answers(404, "", 10 * MINUTE));
    await stage.refresh(first);
    await stage.clock.advance(PROBE_INTERVAL);
    stage.server.always(null);
    await expect(stage.refresh(first)).resolves.toMatchObject({ kind: "retry_later" });
    await expect(stage.refresh(second)).resolves.toEqual({ kind: "renewed" });
  });
});

test("a reader of a suspended client's connection gets the living token, and then who has to act", async () => {
  const { stage, ids } = await suspended(2);
  const id = ids[1] ?? "";
  await stage.clock.advance(3590 * SECOND);
  await expect(stage.read(id)).resolves.toMatchObject({ generation: 1, refreshState: "failing" });
  await stage.clock.advance(10 * SECOND);
  await expect(stage.read(id)).rejects.toMatchObject({
    code: "client_suspended",
    facts: { reason: "client_secret_rejected", whoActs: "operator" },
  });
});

test("a rejection at the probe is an answer about the token, so the client is accepted again", async () => {
  const stage = await openEngineStage();
  const refused = await stage.connect();
  const rejected = await stage.connect();
  stage.server.script(REFUSED);
  await stage.refresh(refused);
  await stage.clock.advance(PROBE_INTERVAL);
  stage.server.script(answers(400, { error: "invalid_grant" }));
  await stage.refresh(rejected);
  expect(await suspension(stage)).toBeNull();
  expect(stage.observer.of("client.resumed")).toHaveLength(1);
});

test("while a client is suspended, reads inside the lead say so and start nothing", async () => {
  const stage = await openEngineStage();
  const [refused, other] = [await stage.connect(), await stage.connect()];
  const dueAt = (await stage.held(other)).lease.dueAt ?? 0;
  await stage.clock.leap(dueAt + 1 - stage.clock.now());
  stage.server.script(REFUSED);
  await stage.refresh(refused);
  expect(await stage.read(other)).toMatchObject({ generation: 1, refreshState: "failing" });
  await stage.clock.advance(0);
  expect(stage.server.requests).toHaveLength(1);
});

test.each([
  ["tokens", null, { kind: "renewed" }],
  ["a rejection", answers(400, { error: "invalid_grant" }), { kind: "ended" }],
])("a store that is down does not keep a client suspended that brought %s", async (_, play, result) => {
  const { stage, ids } = await suspended(2);
  const [id = ""] = ids;
  stage.server.always(play);
  await stage.clock.advance(PROBE_INTERVAL);
  let failures = 2;
  const clients = {
    ...stage.clients,
    resume: async (clientId: string) => {
      if (failures-- > 0) throw storeIsDown();
      return stage.clients.resume(clientId);
    },
  };
  const refresher = createRefresher({ ...stage.ports, clients });
  const refresh = refresher.refresh({ connectionId: id, generation: 1, origin: "manual" });
  await expect(stage.passing(SECOND, refresh)).resolves.toEqual(result);
  expect(await suspension(stage)).toBeNull();
});
