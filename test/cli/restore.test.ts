import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import {
  openRestoreStage,
  openScene,
  PATIENCE,
  restore,
  spent,
  type RestoreStage,
  type Scene,
} from "./restore-stage.ts";

vi.setConfig({ testTimeout: PATIENCE });

function forget({ journal }: RestoreStage): void {
  rmSync(journal, { recursive: true });
}

/** Deletes the one journal of an instance, and not what the folder remembers of it. */
function forgetInstance({ journal }: RestoreStage): void {
  const own = readdirSync(journal).find((name) => name.startsWith("ins_")) ?? "";
  rmSync(join(journal, own), { recursive: true });
}

function putBack({ database, backup }: RestoreStage): void {
  for (const suffix of ["-wal", "-shm"]) rmSync(database + suffix, { force: true });
  copyFileSync(backup, database);
}

describe("after `evergrant restore`", () => {
  test("the journal brings back the newest token, and no old one is spent, however often", async () => {
    const scene = await openScene();
    expect(await restore(scene)).toMatchObject({ connections: 1, replayed: 1, held: 0, clone: false });
    await scene.start();
    const { body } = await scene.api("GET", scene.path);
    expect(body).toMatchObject({ status: "active", generation: scene.newest, diagnosis: null });
    expect(await scene.refresh(scene.id)).toBe(scene.newest + 1);
    await scene.stop();
    expect(await restore(scene)).toMatchObject({ replayed: 1, held: 0 });
    await scene.start();
    expect(await scene.refresh(scene.id)).toBe(scene.newest + 2);
    expect(spent(scene)).toEqual({ refreshRequests: 7, reuseDetected: 0 });
  });

  test("without the journal the connection is held: its access token is read, and nothing is sent", async () => {
    const scene = await openScene();
    forget(scene);
    expect(await restore(scene)).toMatchObject({ replayed: 0, held: 1 });
    await scene.start();
    expect((await scene.api("GET", scene.path)).body).toMatchObject({
      status: "suspended",
      generation: scene.saved,
      diagnosis: { cause: "restored_from_backup", who_acts: "operator" },
      next_refresh_at: null,
    });
    expect((await scene.api("GET", `${scene.path}/access-token`)).status).toBe(200);
    expect((await scene.api("POST", `${scene.path}/refresh`)).body).toMatchObject({ generation: scene.saved });
    expect(spent(scene)).toEqual({ refreshRequests: 5, reuseDetected: 0 });
  });

  test("the replaced database is kept, and restoring that undoes everything", async () => {
    const scene = await openScene();
    const { kept } = await restore(scene);
    expect(await restore(scene, String(kept))).toMatchObject({ replayed: 0, held: 0 });
    await scene.start();
    expect((await scene.api("GET", scene.path)).body).toMatchObject({ status: "active", generation: scene.newest });
  });

  test("a start that is killed is made up for by the next", async () => {
    const scene = await openScene();
    await restore(scene);
    await scene.start();
    await scene.kill();
    await scene.start();
    expect(await scene.refresh(scene.id)).toBe(scene.newest + 1);
    expect(spent(scene)).toMatchObject({ reuseDetected: 0 });
  });

  test("a database that is damaged is replaced as well, and kept", async () => {
    const scene = await openScene();
    const damaged = readFileSync(scene.database).fill("damaged ");
    writeFileSync(scene.database, damaged);
    writeFileSync(`${scene.database}-wal`, damaged);
    const { kept, ...rest } = await restore(scene);
    expect(rest).toMatchObject({ replayed: 1, held: 0 });
    expect(readFileSync(String(kept)).equals(damaged)).toBe(true);
    await scene.start();
    expect(await scene.refresh(scene.id)).toBe(scene.newest + 1);
  });

  test("a copy of the files of a service that was killed is a backup as well", async () => {
    const stage = await openRestoreStage();
    const id = await stage.connect("alice");
    const saved = await stage.refresh(id, 2);
    await stage.kill();
    for (const suffix of ["", "-wal"]) copyFileSync(stage.database + suffix, stage.backup + suffix);
    await restore(stage, stage.backup, stage.elsewhere("root.key"));
    expect(await restore(stage)).toMatchObject({ connections: 1, held: 0 });
    await stage.start();
    expect((await stage.api("GET", `/v1/connections/${id}`)).body).toMatchObject({
      generation: saved,
      status: "active",
    });
  });

  test("the journal is not taken for the whole truth when another data directory was in use as well", async () => {
    const scene = await openScene();
    await scene.start({ ...scene.elsewhere("root.key"), EVERGRANT_DATABASE_URL: `sqlite:${scene.database}` });
    await scene.refresh(scene.id);
    await scene.stop();
    expect(await restore(scene)).toMatchObject({ replayed: 1, held: 1 });
    await scene.start();
    expect((await scene.api("GET", scene.path)).body).toMatchObject({ status: "suspended", generation: scene.newest });
    expect(spent(scene)).toMatchObject({ reuseDetected: 0 });
  });

  test("a machine that never had the database holds what it cannot know", async () => {
    const scene = await openScene();
    const there = scene.elsewhere("root.key");
    const { stdout } = await scene.run(["restore", scene.backup, "--json"], there);
    expect(JSON.parse(stdout)).toMatchObject({ kept: null, connections: 1, held: 1 });
    await scene.start(there);
    expect((await scene.api("GET", scene.path)).body).toMatchObject({ status: "suspended" });
  });
});

describe("a database file that somebody put back by hand", () => {
  test("is noticed by its age, and the journal brings back the newest token", async () => {
    const scene = await openScene();
    putBack(scene);
    await scene.start();
    expect((await scene.api("GET", scene.path)).body).toMatchObject({ status: "active", generation: scene.newest });
    expect(await scene.refresh(scene.id)).toBe(scene.newest + 1);
    expect(spent(scene)).toEqual({ refreshRequests: 6, reuseDetected: 0 });
  });

  test("is noticed also when the service was killed", async () => {
    const stage = await openRestoreStage();
    const id = await stage.connect("alice");
    await stage.run(["backup", stage.backup]);
    const newest = await stage.refresh(id, 3);
    await stage.kill();
    putBack(stage);
    await stage.start();
    expect(await stage.refresh(id)).toBe(newest + 1);
    expect(spent(stage)).toMatchObject({ reuseDetected: 0 });
  });

  test("is reported by the doctor before the start, and what is held without a journal after it", async () => {
    const scene = await openScene();
    putBack(scene);
    const before = await scene.run(["doctor"]);
    expect(before.stdout).toMatch(/^! restore +the database is older than what was here on \d{4}-/m);
    forgetInstance(scene);
    await scene.start();
    const after = await scene.run(["doctor"]);
    expect(after.stdout).toMatch(/^✓ restore +the database is the one that was here last$/m);
    expect(after.stdout).toMatch(/^! restore +1 connections are held after a restore$/m);
    expect(after.code).toBe(EXIT.ok);
  });

  test("can be marked, which the next start takes for a restore", async () => {
    const scene = await openScene();
    forget(scene);
    putBack(scene);
    const { code, stdout } = await scene.run(["restore", "--mark", "--json"]);
    expect(code).toBe(EXIT.ok);
    expect(JSON.parse(stdout)).toMatchObject({ kept: null, held: 1 });
    expect((await scene.run(["doctor"])).stdout).toMatch(/^! restore +the database was restored$/m);
    await scene.start();
    expect((await scene.api("GET", scene.path)).body).toMatchObject({ status: "suspended" });
  });
});

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
