import { describe, expect, test } from "vitest";
import { createRefresher } from "../../src/refresh/refresh.ts";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage } from "../stage/engine-stage.ts";
import { storeIsDown } from "../stage/faulty-connection-store.ts";
import { createGate } from "../stage/gate.ts";
import { takes, waitsFor } from "../stage/plays.ts";
import { CLIENT_SECRET, clientAt } from "../stage/world.ts";

test("the request is the refresh grant with the stored token and the client's own proof", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  await stage.refresh(id);
  const [request] = stage.server.requests;
  expect(request?.url).toBe("https://provider.example/token");
  expect(Object.fromEntries(request?.form ?? [])).toEqual({
    grant_type: "refresh_token",
    refresh_token: "refresh-1-1",
    client_id: "client-at-provider",
    client_secret: CLIENT_SECRET,
  });
});

test("refreshes go to the provider's refresh URL where it has one", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  const provider = await stage.catalogue.find("provider");
  if (!provider) throw new Error("The stage has no provider.");
  await stage.catalogue.put({ ...provider, refresh_url: "https://provider.example/refresh" });
  await stage.refresh(id);
  expect(stage.server.requests.map(({ url }) => url)).toEqual(["https://provider.example/refresh"]);
});

test("a lifetime is counted from when the request was sent, not from its answer", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  const sentAt = stage.clock.now();
  stage.server.script(takes(stage.clock, 20 * SECOND));
  const refresh = stage.refresh(id);
  await stage.clock.advance(20 * SECOND);
  await refresh;
  const { tokens } = await stage.held(id);
  expect(tokens).toMatchObject({ obtainedAt: sentAt, expiresAt: sentAt + 3600 * SECOND });
  expect(stage.observer.of("refresh.succeeded")[0]).toMatchObject({ durationMs: 20 * SECOND });
});

test("an answer that does not come within thirty seconds is lost, and is not waited for any longer", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  stage.server.script(waitsFor(createGate()));
  let settled = false;
  const refresh = stage.refresh(id).finally(() => (settled = true));
  await stage.clock.advance(30 * SECOND - 1);
  expect(settled).toBe(false);
  await stage.clock.advance(1);
  await expect(refresh).resolves.toMatchObject({ kind: "retry_later", cause: "provider_unavailable" });
  expect(stage.observer.of("refresh.answer_lost")).toMatchObject([{ code: "timeout" }]);
});

async function withoutProvider() {
  const stage = await openEngineStage();
  await stage.clients.create(clientAt("gone", "cli_gone"), null);
  return { ...stage, id: await stage.connect({ clientId: "cli_gone" }) };
}

describe("a provider that is no longer defined", () => {
  test("makes the connection wait, and condemns nothing", async () => {
    const { id, ...stage } = await withoutProvider();
    const retryAt = stage.clock.now() + MINUTE;
    await expect(stage.refresh(id)).resolves.toMatchObject({ kind: "retry_later", retryAt });
    expect(stage.server.requests).toHaveLength(0);
    const { connection, lease } = await stage.held(id);
    expect(connection.status).toBe("active");
    expect(lease).toMatchObject({ attemptGeneration: null, owner: null });
  });

  test("is looked for by the sweep once a minute, without an alarm each time", async () => {
    const { id, ...stage } = await withoutProvider();
    await stage.clock.advance(51 * MINUTE);
    stage.sweep.start();
    await stage.clock.advance(10 * MINUTE);
    expect(stage.store.calls("release")).toBeGreaterThanOrEqual(9);
    expect(stage.store.calls("release")).toBeLessThanOrEqual(11);
    expect(stage.observer.of("sweep.failed")).toEqual([]);
    expect((await stage.held(id)).lease).toMatchObject({ owner: null, unanswered: 0 });
  });
});

test("a client without a secret makes the connection wait", async () => {
  const stage = await openEngineStage();
  await stage.clients.create(clientAt("provider", "cli_bare"), null);
  const id = await stage.connect({ clientId: "cli_bare" });
  await expect(stage.refresh(id)).resolves.toMatchObject({ kind: "retry_later", cause: "client_secret_rejected" });
  expect(stage.server.requests).toHaveLength(0);
  expect((await stage.held(id)).connection.status).toBe("active");
});

test("a client's secret that cannot be read just now gives the claim back, and nothing is sent", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  const clients = { ...stage.clients, liveSecrets: () => Promise.reject(storeIsDown()) };
  const refresher = createRefresher({ ...stage.ports, clients });
  const refresh = refresher.refresh({ connectionId: id, generation: 1, origin: "manual" });
  await expect(refresh).rejects.toMatchObject({ code: "store_unavailable" });
  expect((await stage.held(id)).lease).toMatchObject({ owner: null, attemptGeneration: null, failures: 0 });
  expect(stage.server.requests).toHaveLength(0);
});
