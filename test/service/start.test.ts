import { readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { generateRootKey } from "../../src/keyring/root-key.ts";
import { startService } from "../../src/service/service.ts";
import { readSettings, type Settings } from "../../src/service/settings.ts";
import { StartError } from "../../src/service/start-error.ts";
import { systemRandom } from "../../src/service/system.ts";
import { freePort } from "../stage/free-port.ts";
import { openStage } from "../stage/stage.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";

async function settingsIn(folder: string, more: Record<string, string> = {}): Promise<Settings> {
  const EVERGRANT_PORT = String(await freePort());
  return readSettings({ EVERGRANT_DATA_DIR: folder, EVERGRANT_PORT, EVERGRANT_LOG_LEVEL: "silent", ...more });
}

async function start(settings: Settings) {
  const service = await startService(settings);
  onTestFinished(() => service.close());
  return service;
}

async function failure(settings: Settings): Promise<StartError> {
  const outcome = await startService(settings).catch((error: unknown) => error);
  if (outcome instanceof StartError) return outcome;
  throw new Error("the service started, or failed otherwise", { cause: outcome });
}

test("an empty folder becomes a service: key, database and admin key are made, readable by their owner only", async () => {
  const folder = `${temporaryFolder()}/new/data`;
  const first = await startService(await settingsIn(folder));
  expect(first.newAdminKey?.reveal()).toMatch(/^eg_admin_/);
  for (const file of ["root.key", "evergrant.db"]) expect(statSync(`${folder}/${file}`).mode & 0o777).toBe(0o600);
  await first.close();
  const second = await start(await settingsIn(folder));
  expect(second.newAdminKey).toBeNull();
});

test("without its root key a database is not opened, and no other key is made", async () => {
  const folder = temporaryFolder();
  await (await startService(await settingsIn(folder))).close();
  const key = readFileSync(`${folder}/root.key`, "utf8");
  rmSync(`${folder}/root.key`);
  const missing = await failure(await settingsIn(folder));
  expect(missing).toMatchObject({ kind: "key", message: expect.stringContaining("is missing") });
  writeFileSync(`${folder}/root.key`, key);
  await start(await settingsIn(folder));
});

test("another root key is refused by its fingerprint, before anything else", async () => {
  const folder = temporaryFolder();
  await (await startService(await settingsIn(folder))).close();
  const other = generateRootKey(systemRandom).reveal();
  const wrong = await failure(await settingsIn(folder, { EVERGRANT_ROOT_KEY: other }));
  expect(wrong).toMatchObject({
    kind: "key",
    message: expect.stringContaining("is not the one that sealed this database"),
  });
  expect(wrong.message).not.toContain(other);
});

test.each([["a passphrase"], ["egroot_short"], [""], ["eg_admin_x"]])("%j is no root key", async (text) => {
  const folder = temporaryFolder();
  writeFileSync(`${folder}/my.key`, text);
  const wrong = await failure(await settingsIn(folder, { EVERGRANT_ROOT_KEY_FILE: `${folder}/my.key` }));
  expect(wrong).toMatchObject({ kind: "key", message: expect.stringContaining("holds no root key") });
});

test("a named root key file that is not there is an error, not a wish", async () => {
  const folder = temporaryFolder();
  const missing = await failure(await settingsIn(folder, { EVERGRANT_ROOT_KEY_FILE: `${folder}/none.key` }));
  expect(missing).toMatchObject({ kind: "key", message: expect.stringContaining("is missing") });
});

test("a file that is no database is left alone", async () => {
  const folder = temporaryFolder();
  const text = "not a database, and long enough to be looked at as one ".repeat(100);
  writeFileSync(`${folder}/evergrant.db`, text);
  const wrong = await failure(await settingsIn(folder));
  expect(wrong).toMatchObject({ kind: "database", message: expect.stringContaining("is not an SQLite database") });
  expect(readFileSync(`${folder}/evergrant.db`, "utf8")).toBe(text);
});

test("an address in use is named", async () => {
  const settings = await settingsIn(temporaryFolder());
  const squatter = createServer().listen(settings.port, settings.host);
  onTestFinished(() => void squatter.close());
  await new Promise((resolve) => squatter.once("listening", resolve));
  expect(await failure(settings)).toMatchObject({ kind: "address", message: expect.stringContaining("EADDRINUSE") });
});

test("an admin key has to be one, and a revoked one is refused", async () => {
  const folder = temporaryFolder();
  const wrong = await failure(await settingsIn(folder, { EVERGRANT_ADMIN_KEY: "letmein" }));
  expect(wrong).toMatchObject({
    kind: "settings",
    message: expect.stringContaining("EVERGRANT_ADMIN_KEY is not an API key"),
  });
  expect(wrong.message).not.toContain("letmein");
});

test("connections go on after a restart, with the tokens they had", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  const before = await stage.token(connectionId);
  await stage.restart();
  expect((await stage.token(connectionId)).body).toEqual(before.body);
  await stage.clock.leap(55 * 60_000);
  await expect.poll(async () => (await stage.token(connectionId)).body).toMatchObject({ generation: 2 });
});

test("a stop waits for the answer to what was sent, and stores it", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  stage.sandbox.control.change({ tokenEndpointFault: { kind: "hang" } });
  await stage.clock.leap(55 * 60_000);
  await expect.poll(() => stage.sandbox.control.counts().refreshRequests).toBe(1);
  const restarted = stage.restart();
  stage.sandbox.control.change({ tokenEndpointFault: null });
  await restarted;
  expect((await stage.token(connectionId)).body).toMatchObject({ generation: 2 });
  expect(stage.sandbox.control.counts().reuseDetected).toBe(0);
});
