import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { copyRunning } from "../../src/cli/backup/copy-running.ts";
import { EXIT } from "../../src/cli/exit-codes.ts";
import { systemClock } from "../../src/service/system.ts";
import { createClientStore } from "../../src/store/clients.ts";
import { createConnectionStore } from "../../src/store/connections.ts";
import { openSqlite } from "../../src/store/sqlite/open.ts";
import { inAnotherProcess } from "../stage/child-process.ts";
import { openRaw } from "../stage/raw-database.ts";
import { FIRST, tokenRecord } from "../stage/store-stage.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { clientAt, newConnection } from "../stage/world.ts";
import { evergrant } from "./evergrant.ts";
import { openRestoreStage, PATIENCE } from "./restore-stage.ts";

vi.setConfig({ testTimeout: PATIENCE });

test("a backup is one file that only its owner can read, checked, and named with the key that opens it", async () => {
  const stage = await openRestoreStage();
  await stage.connect("alice");
  const { code, stdout } = await stage.run(["backup", stage.backup]);
  expect(code).toBe(EXIT.ok);
  expect(stdout).toMatch(/^Copied 1 connections to \S+backup\.db \(\d+ KiB\), as of \d{4}-\S+Z\.$/m);
  const keyFile = join(stage.dataDir, "root.key");
  expect(stdout).toMatch(/^The root key \(fingerprint [0-9a-f]{16}\) is not in it, .* apart from the backup\.$/m);
  expect(stdout).toContain(keyFile);
  expect(statSync(stage.backup).mode & 0o777).toBe(0o600);
  expect(readdirSync(stage.folder).filter((name) => name.startsWith("backup"))).toEqual(["backup.db"]);
  expect(readFileSync(stage.backup).includes(readFileSync(keyFile, "utf8").trim())).toBe(false);

  const copy = openRaw(stage.backup, { readonly: true });
  expect(copy.value("pragma journal_mode")).toBe("delete");
  expect(copy.value("select backup_taken_at from installation")).toBeGreaterThan(Date.now() - PATIENCE);
  copy.close();

  const before = readFileSync(stage.backup);
  const again = await stage.run(["backup", stage.backup, "--json"]);
  expect(again.code).toBe(EXIT.usage);
  expect(JSON.parse(again.stderr)).toMatchObject({ error: { code: "file_exists" } });
  expect(readFileSync(stage.backup).equals(before)).toBe(true);
});

test("a backup that would be of no use is not made", async () => {
  const stage = await openRestoreStage();
  const other = (await stage.run(["keys", "generate", "root"])).stdout.trim();
  const wrongKey = await stage.run(["backup", stage.backup], { EVERGRANT_ROOT_KEY: other });
  expect(wrongKey).toMatchObject({ code: EXIT.key, stderr: expect.stringContaining("is not the one that sealed") });
  const noFolder = await stage.run(["backup", join(stage.folder, "none", "backup.db")]);
  expect(noFolder.code).toBe(EXIT.usage);
  expect(readdirSync(stage.folder)).toEqual(["data"]);
  await stage.stop();
  const damaged = readFileSync(stage.database);
  damaged.fill(0x5a, 8192);
  writeFileSync(stage.database, damaged);
  expect((await stage.run(["backup", stage.backup])).code).toBe(EXIT.database);
  expect(readdirSync(stage.folder)).toEqual(["data"]);
});

test("there is nothing to copy before the first start, and PostgreSQL is copied otherwise", async () => {
  const folder = temporaryFolder();
  const file = join(folder, "backup.db");
  const none = await evergrant(["backup", file], { EVERGRANT_DATA_DIR: join(folder, "data") });
  expect(none).toMatchObject({ code: EXIT.database, stderr: expect.stringContaining("There is no database") });
  const url = "postgres://user:password-canary@127.0.0.1:1/evergrant";
  const postgres = await evergrant(["backup", file], { EVERGRANT_DATABASE_URL: url });
  expect(postgres).toMatchObject({ code: EXIT.failed, stderr: expect.stringContaining("docs/backup.md") });
  expect(postgres.stderr).not.toContain("password-canary");
  expect(existsSync(file)).toBe(false);
});

test("each copy is as of one moment, whatever another process writes meanwhile", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "evergrant.db");
  const database = await openSqlite(path, systemClock);
  await createClientStore(database).create(clientAt("provider", "cli_1"), null);
  const connection = newConnection("con_1", { id: "cli_1", providerId: "provider" });
  await createConnectionStore(database).create(connection, tokenRecord(1), 1, FIRST);
  await database.close();

  const ended = new AbortController();
  const writing = inAnotherProcess("commit", path, 300).finally(() => ended.abort());
  const generations: unknown[] = [];
  for (let number = 0; !ended.signal.aborted; number++) {
    const file = join(folder, `copy-${number}.db`);
    copyRunning(path, file);
    const copy = openRaw(file);
    expect(copy.value("pragma quick_check(1)")).toBe("ok");
    // Both are of one transaction.
    const generation = copy.value("select generation from token_sets");
    expect(copy.value("select count(*) from history")).toBe(generation);
    generations.push(generation);
    copy.close();
    await nextTurn();
  }
  await writing;
  expect(new Set(generations).size).toBeGreaterThan(3);
});
