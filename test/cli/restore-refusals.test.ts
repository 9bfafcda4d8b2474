import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { openRaw } from "../stage/raw-database.ts";
import { evergrant, type Environment } from "./evergrant.ts";
import { openScene, PATIENCE, type Scene } from "./restore-stage.ts";

vi.setConfig({ testTimeout: PATIENCE });

function everything({ dataDir, database }: Scene) {
  return { files: readdirSync(dataDir), content: readFileSync(database), inode: statSync(database).ino };
}

/** Runs `evergrant restore` where it has to refuse, and returns how it does. */
async function refusal(scene: Scene, file: string, environment: Environment = {}) {
  const before = everything(scene);
  const { code, stdout, stderr } = await scene.run(["restore", file], environment);
  expect(stdout).toBe("");
  expect(everything(scene)).toEqual(before);
  return { code, stderr };
}

test("a restore that cannot be right changes nothing", async () => {
  const scene = await openScene();
  const { folder, dataDir, backup } = scene;
  const other = (await scene.run(["keys", "generate", "root"])).stdout.trim();
  const wrongKey = await refusal(scene, backup, { EVERGRANT_ROOT_KEY: other });
  expect(wrongKey).toEqual({
    code: EXIT.key,
    stderr: expect.stringContaining("is not the one that sealed this database"),
  });
  expect(wrongKey.stderr).not.toContain(other);

  renameSync(join(dataDir, "root.key"), join(folder, "root.key"));
  expect(await refusal(scene, backup)).toEqual({ code: EXIT.key, stderr: expect.stringContaining("is missing") });
  renameSync(join(folder, "root.key"), join(dataDir, "root.key"));

  expect(await refusal(scene, join(folder, "none.db"))).toMatchObject({ code: EXIT.usage });
  expect(await refusal(scene, scene.database)).toMatchObject({ code: EXIT.usage });
  expect(await refusal(scene, join(dataDir, "root.key"))).toMatchObject({ code: EXIT.database });

  const damaged = join(folder, "damaged.db");
  const page = 4096;
  writeFileSync(damaged, readFileSync(backup).fill(0x5a, statSync(backup).size - page));
  expect(await refusal(scene, damaged)).toEqual({ code: EXIT.database, stderr: expect.stringContaining("damaged") });
});

test("a database that any other process has open is not replaced", async () => {
  const scene = await openScene();
  const other = openRaw(scene.database);
  other.value("select count(*) from connections");
  const { code, stderr } = await scene.run(["restore", scene.backup]);
  expect({ code, stderr }).toEqual({ code: EXIT.failed, stderr: expect.stringContaining("is running") });
  expect((await scene.run(["restore", "--mark"])).code).toBe(EXIT.failed);
  other.close();
  expect((await scene.run(["restore", scene.backup])).code).toBe(EXIT.ok);
});

test("while the service runs nothing is restored or marked, and it goes on", async () => {
  const scene = await openScene();
  await scene.start();
  const { ino } = statSync(scene.database);
  const refused = { code: EXIT.failed, stderr: expect.stringContaining("is running") };
  expect(await scene.run(["restore", scene.backup])).toMatchObject(refused);
  expect(await scene.run(["restore", "--mark"])).toMatchObject(refused);
  // Also when nothing in the data directory tells of it.
  const elsewhere = { ...scene.elsewhere("root.key"), EVERGRANT_DATABASE_URL: `sqlite:${scene.database}` };
  expect(await scene.run(["restore", scene.backup], elsewhere)).toMatchObject(refused);
  expect(statSync(scene.database).ino).toBe(ino);
  expect(readdirSync(scene.dataDir).filter((name) => name.includes("restor"))).toEqual([]);
  expect(await scene.refresh(scene.id)).toBe(scene.newest + 1);
  await scene.kill();
  expect((await scene.run(["restore", scene.backup])).code).toBe(EXIT.ok);
});

test.each([
  ["restore"],
  ["restore", "file", "--mark"],
  ["connections", "release"],
  ["connections", "release", "con_1", "--held"],
])("%s %s %s %s is misuse", async (...args) => {
  const given = args.filter((arg) => arg !== undefined);
  const environment = { EVERGRANT_API_KEY: "eg_key_none" };
  expect((await evergrant(given, environment)).code).toBe(EXIT.usage);
});
