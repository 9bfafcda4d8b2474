import { rmSync } from "node:fs";
import { expect, onTestFinished, test, vi } from "vitest";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { generateRootKey } from "../../src/keyring/root-key.ts";
import { systemRandom } from "../../src/service/system.ts";
import { administer } from "../stage/postgres/administer.ts";
import { postgresDatabase, sharedPostgres } from "../stage/postgres/database.ts";
import { openRestoreStage, PATIENCE, spent, type RestoreStage } from "./restore-stage.ts";

vi.setConfig({ testTimeout: PATIENCE });

interface Scene extends RestoreStage {
  id: string;
  newest: number;
}

/** The token was replaced several times since the database was as it is again now; the service has stopped. */
async function openScene(): Promise<Scene> {
  const url = await postgresDatabase();
  const stage = await openRestoreStage(
    {},
    { EVERGRANT_DATABASE_URL: url, EVERGRANT_ROOT_KEY: generateRootKey(systemRandom).reveal() },
  );
  const id = await stage.connect("alice");
  await stage.stop();
  const restore = await copyOf(url);
  await stage.start();
  const newest = await stage.refresh(id, 3);
  await stage.stop();
  await restore();
  return { ...stage, id, newest };
}

/** Copies a database that nobody uses; the function returned puts the copy in its place. */
async function copyOf(url: string): Promise<() => Promise<void>> {
  const server = await sharedPostgres();
  const name = new URL(url).pathname.slice(1);
  const copy = `${name}_copy`;
  await administer(server, `create database ${copy} template ${name}`);
  onTestFinished(async () => void (await administer(server, `drop database if exists ${copy} with (force)`)));
  return async () => {
    await administer(server, `drop database ${name} with (force)`);
    await administer(server, `alter database ${copy} rename to ${name}`);
  };
}

test("a PostgreSQL database that was put back is noticed, and the journal brings back the newest token", async () => {
  const scene = await openScene();
  await scene.start();
  expect(await scene.refresh(scene.id)).toBe(scene.newest + 1);
  expect(spent(scene)).toEqual({ refreshRequests: 4, reuseDetected: 0 });
});

test("after `evergrant restore --mark` nothing is sent that the journal does not know to be the newest", async () => {
  const scene = await openScene();
  rmSync(scene.journal, { recursive: true });
  expect((await scene.run(["restore", scene.backup])).code).toBe(EXIT.usage);
  const { code, stdout } = await scene.run(["restore", "--mark", "--json"]);
  expect(code).toBe(EXIT.ok);
  expect(JSON.parse(stdout)).toMatchObject({ kept: null, connections: 1, held: 1 });
  expect(stdout).not.toContain("password");
  await scene.start();
  const path = `/v1/connections/${scene.id}`;
  expect((await scene.api("GET", path)).body).toMatchObject({
    status: "suspended",
    diagnosis: { cause: "restored_from_backup" },
  });
  expect(spent(scene)).toEqual({ refreshRequests: 3, reuseDetected: 0 });
  expect((await scene.run(["doctor"])).stdout).toMatch(/^! restore +1 connections are held after a restore$/m);
  const refused = { code: EXIT.failed, stderr: expect.stringContaining("is running") };
  expect(await scene.run(["restore", "--mark"])).toMatchObject(refused);
});

test("a copy of a PostgreSQL database becomes a clone in its place", async () => {
  const scene = await openScene();
  rmSync(scene.journal, { recursive: true });
  expect((await scene.run(["restore", "--mark", "--as-clone"])).code).toBe(EXIT.usage);
  const { stdout } = await scene.run(["restore", "--mark", "--as-clone", "--yes", "--json"]);
  expect(JSON.parse(stdout)).toMatchObject({ clone: true, blanked: 1, held: 0 });
  await scene.start();
  expect((await scene.api("GET", `/v1/connections/${scene.id}/access-token`)).status).toBe(200);
  expect((await scene.api("POST", `/v1/connections/${scene.id}/refresh`)).body).toMatchObject({ generation: 1 });
  expect(spent(scene)).toEqual({ refreshRequests: 3, reuseDetected: 0 });
});
