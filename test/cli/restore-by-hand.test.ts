import { copyFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { forget, openRestoreStage, openScene, PATIENCE, spent, type RestoreStage } from "./restore-stage.ts";

vi.setConfig({ testTimeout: PATIENCE });

/** Deletes the one journal of an instance, and not what the folder remembers of it. */
function forgetInstance({ journal }: RestoreStage): void {
  const own = readdirSync(journal).find((name) => name.startsWith("ins_")) ?? "";
  rmSync(join(journal, own), { recursive: true });
}

function putBack({ database, backup }: RestoreStage): void {
  for (const suffix of ["-wal", "-shm"]) rmSync(database + suffix, { force: true });
  copyFileSync(backup, database);
}

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
