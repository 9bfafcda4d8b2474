import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { forget, openRestoreStage, openScene, PATIENCE, restore, spent } from "./restore-stage.ts";

vi.setConfig({ testTimeout: PATIENCE });

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
