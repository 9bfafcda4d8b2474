import { describe, expect, test, vi } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { forget, openRestoreStage, openScene, PATIENCE, restore, spent, type Scene } from "./restore-stage.ts";

vi.setConfig({ testTimeout: PATIENCE });

async function openHeld(): Promise<Scene> {
  const scene = await openScene();
  forget(scene);
  await restore(scene);
  await scene.start();
  return scene;
}

describe("a held connection", () => {
  test("is released by an operator: its token is sent once, and what the provider says is named for what it is", async () => {
    const scene = await openHeld();
    const shown = await scene.run(["connections", "show", scene.id]);
    expect(shown.stdout).toContain(`evergrant connections release ${scene.id}`);
    expect(await scene.run(["connections", "release", scene.id])).toMatchObject({ code: EXIT.ok });
    await expect
      .poll(async () => (await scene.api("GET", scene.path)).body, { timeout: PATIENCE })
      .toMatchObject({ status: "reauthorization_required", diagnosis: { cause: "rotation_lost" } });
    expect(spent(scene)).toEqual({ refreshRequests: 6, reuseDetected: 1 });
    const { stdout } = await scene.run(["connections", "history", scene.id]);
    expect(stdout).toMatch(/reauthorization_required[^]*released_after_restore[^]*held_after_restore/);
  });

  test("is among those that --held releases, which asks first; then it is not held any more", async () => {
    const scene = await openHeld();
    scene.sandbox.control.change({ tokenEndpointFault: { kind: "status", status: 503 } });
    const reader = await scene.api("POST", "/v1/api-keys", { name: "reader", scopes: ["connections:read"] });
    const refused = await scene.run(["connections", "release", scene.id], { EVERGRANT_API_KEY: reader.at("key") });
    expect(refused.code).toBe(EXIT.unauthorized);
    expect((await scene.run(["connections", "release", "--held"])).code).toBe(EXIT.usage);
    expect((await scene.api("GET", scene.path)).body).toMatchObject({ status: "suspended" });
    const done = await scene.run(["connections", "release", "--held", "--yes", "--json"]);
    expect(JSON.parse(done.stdout)).toEqual({ held: 1, released: 1 });
    const none = await scene.run(["connections", "release", "--held"]);
    expect(none).toMatchObject({ code: EXIT.ok, stdout: "No connection is held.\n" });
    expect(await scene.api("POST", `${scene.path}/release`)).toMatchObject({ status: 409, body: { code: "conflict" } });
    expect((await scene.api("POST", "/v1/connections/con_none/release")).status).toBe(404);
  });

  test("is healed by its user, who signs in again", async () => {
    const scene = await openHeld();
    expect(await scene.connect("alice", scene.id)).toBe(scene.id);
    expect((await scene.api("GET", scene.path)).body).toMatchObject({ status: "active", diagnosis: null });
    expect(await scene.refresh(scene.id)).toBe(scene.saved + 2);
    expect(spent(scene)).toMatchObject({ reuseDetected: 0 });
  });

  test("whose access token has ended says why there is none, and who decides", async () => {
    const stage = await openRestoreStage({ accessTokenLifetimeSeconds: 2 });
    const id = await stage.connect("alice");
    await stage.run(["backup", stage.backup]);
    await stage.refresh(id);
    await stage.stop();
    forget(stage);
    await restore(stage);
    const { refreshRequests } = spent(stage);
    await stage.start();
    const read = async () => (await stage.api("GET", `/v1/connections/${id}/access-token`)).body;
    await expect
      .poll(read, { timeout: PATIENCE })
      .toMatchObject({ status: 409, code: "connection_held", cause: "restored_from_backup", who_acts: "operator" });
    expect(spent(stage)).toEqual({ refreshRequests, reuseDetected: 0 });
  });
});
