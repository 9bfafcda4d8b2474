import { expect, test } from "vitest";
import { DEFAULT_CLIENT_SETTINGS } from "../../src/client/client.ts";
import { requireScopes } from "../../src/refresh/require-scopes.ts";
import { createScopeUpkeep } from "../../src/refresh/scope-upkeep.ts";
import { HOUR, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { adds } from "../stage/plays.ts";
import { TENANT } from "../stage/world.ts";

/** The client requires this from now on, and all rounds that it takes are over. */
async function requireOfClient(stage: EngineStage, requiredScopes: string[], change: string): Promise<void> {
  const settings = { ...DEFAULT_CLIENT_SETTINGS, requiredScopes };
  await stage.clients.change(stage.clientId, { settings, scopesChange: change });
  const upkeep = [1, 2].map(() => createScopeUpkeep(stage.ports));
  for (const each of upkeep) each.start();
  for (let round = 0; round < 3; round++) await stage.clock.advance(6 * SECOND);
  await Promise.all(upkeep.map((each) => each.stop()));
  expect(await stage.clients.scopesChanges(10)).toEqual([]);
}

async function condition(stage: EngineStage, id: string) {
  const { status, diagnosis } = (await stage.held(id)).connection;
  return [status, diagnosis?.evidence["missing"] ?? null];
}

test("a refresh that grants less than before is noticed at once, and the tokens go on", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  stage.server.script(adds({ scope: "FILES.read" }));
  await stage.refresh(id);
  expect(await condition(stage, id)).toEqual(["degraded", "files.write"]);
  await expect(stage.read(id)).resolves.toMatchObject({ generation: 2, missingScopes: ["files.write"] });
  // An answer that says nothing of scopes leaves it as it is (RFC 6749 §5.1).
  await stage.clock.advance(HOUR);
  await stage.read(id);
  expect(await condition(stage, id)).toEqual(["degraded", "files.write"]);
  stage.server.script(adds({ scope: "files.read files.write" }));
  await stage.clock.advance(HOUR);
  await expect(stage.read(id)).resolves.toMatchObject({ missingScopes: [] });
  expect(await condition(stage, id)).toEqual(["active", null]);
  expect(stage.observer.of("connection.degraded")).toHaveLength(1);
});

test("an answer whose list of scopes is empty takes away nothing that was granted, and is no grant of what is required", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  stage.server.script(adds({ scope: "" }));
  await stage.refresh(id);
  expect(await condition(stage, id)).toEqual(["active", null]);
  await requireScopes(stage.ports, id, ["files.read"]);
  expect(await condition(stage, id)).toEqual(["degraded", "files.read"]);
});

test("what a connection needs can be said of it alone, and taken back", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  await requireScopes(stage.ports, id, ["files.read", "mail.read"]);
  expect(await condition(stage, id)).toEqual(["degraded", "mail.read"]);
  await stage.refresh(id);
  expect(await condition(stage, id)).toEqual(["degraded", "mail.read"]);
  await requireScopes(stage.ports, id, []);
  expect(await condition(stage, id)).toEqual(["active", null]);
  await expect(requireScopes(stage.ports, "con_none", [])).rejects.toMatchObject({ code: "not_found" });
});

test("what a client requires makes its connections degraded once each, and lowering it heals them, however many instances look", async () => {
  const stage = await openEngineStage();
  const ids: string[] = [];
  for (let n = 0; n < 230; n++) ids.push(await stage.connect());
  await requireOfClient(stage, ["files.read", "mail.read"], "chg_1");
  const list = { tenantId: TENANT, limit: 500, after: null, clientId: stage.clientId };
  expect(await stage.connections.list({ ...list, status: "degraded" })).toHaveLength(ids.length);
  await requireOfClient(stage, ["files.read"], "chg_2");
  expect(await stage.connections.list({ ...list, status: "active" })).toHaveLength(ids.length);
  for (const id of [ids[0] ?? "", ids.at(-1) ?? ""]) {
    const entries = (await stage.connections.history(id, { limit: 10, before: null })).toReversed();
    expect(entries.map(({ kind, detail }) => [kind, detail["change"] ?? null])).toEqual([
      ["connected", null],
      ["degraded", "chg_1"],
      ["recovered", "chg_2"],
    ]);
  }
  expect(stage.server.requests).toHaveLength(0);
});
