import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sql } from "kysely";
import { describe, expect, test } from "vitest";
import { createConnectionStore } from "../../../src/store/connections.ts";
import type { Database } from "../../../src/store/database.ts";
import { openSqlite } from "../../../src/store/sqlite/open.ts";
import { inAnotherProcess, fillDisk } from "../../stage/child-process.ts";
import { createManualClock } from "../../stage/manual-clock.ts";
import { openRaw } from "../../stage/raw-database.ts";
import { openStoreStage, type StoreStage } from "../../stage/store-stage.ts";
import { temporaryFolder } from "../../stage/temporary-folder.ts";

const clock = createManualClock();

async function openAt(path: string): Promise<StoreStage> {
  return openStoreStage({ name: path, open: (given) => openSqlite(path, given) });
}

async function pragma(database: Database, text: string): Promise<unknown> {
  const { rows } = await database.read((queries) =>
    sql.raw<Record<string, unknown>>(`pragma ${text}`).execute(queries),
  );
  return Object.values(rows[0] ?? {})[0];
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

describe("a database file that is opened", () => {
  test("is made together with its folders, for its owner only", async () => {
    const folder = join(temporaryFolder(), "deep", "down");
    const path = join(folder, "evergrant.db");
    await openAt(path);
    expect(modeOf(folder)).toBe("700");
    expect([path, `${path}-wal`, `${path}-shm`].map(modeOf)).toEqual(["600", "600", "600"]);
  });

  test("writes ahead, waits for the disk, and holds references to be true", async () => {
    const stage = await openAt(join(temporaryFolder(), "evergrant.db"));
    expect(await pragma(stage.database, "journal_mode")).toBe("wal");
    expect(await pragma(stage.database, "synchronous")).toBe(2);
    expect(await pragma(stage.database, "foreign_keys")).toBe(1);
  });

  test("still has everything the next time", async () => {
    const path = join(temporaryFolder(), "evergrant.db");
    const first = await openAt(path);
    await first.create("con_1");
    const before = await first.held("con_1");
    await first.database.close();
    const database = await openSqlite(path, clock);
    expect(await createConnectionStore(database).snapshot("con_1")).toEqual(before);
    await database.close();
  });

  test("tells SQL the time of the clock it was given, in whole milliseconds", async () => {
    const database = await openSqlite(":memory:", { ...clock, now: () => 1234.9 });
    const { rows } = await database.read((queries) => sql<{ now: number }>`select eg_now() as now`.execute(queries));
    expect(rows).toEqual([{ now: 1234 }]);
    await database.close();
  });
});

describe("a first start that is cut short", () => {
  test("leaves no half of a schema, and the next start goes through", async () => {
    const path = join(temporaryFolder(), "evergrant.db");
    const broken = { ...clock, now: () => Number.NaN };
    await expect(openSqlite(path, broken)).rejects.toThrow(/NOT NULL/);
    const raw = openRaw(path);
    expect(raw.value("select count(*) from sqlite_master")).toBe(0);
    raw.close();
    const stage = await openAt(path);
    await expect(stage.create("con_1")).resolves.toBeUndefined();
  });

  test("by several processes at once makes one schema", async () => {
    const path = join(temporaryFolder(), "evergrant.db");
    const opened = await Promise.all(Array.from({ length: 4 }, () => inAnotherProcess("open", path)));
    expect(opened).toEqual([[], [], [], []]);
  });
});

function fileWith(folder: string, text: string): string {
  const path = join(folder, "letter.txt");
  writeFileSync(path, text);
  return path;
}

function damaged(folder: string): string {
  const path = join(folder, "damaged.db");
  const raw = openRaw(path);
  raw.exec("create table kysely_migration (name text); create table other (a); insert into other values (1)");
  raw.close();
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0x5a, 100));
  return path;
}

describe("what cannot be opened is store_unavailable and says what to look at:", () => {
  const cases: [string, (folder: string) => string, RegExp][] = [
    ["a file that is no database", (folder) => fileWith(folder, "This is a letter. ".repeat(100)), /not an SQLite/],
    ["a folder", (folder) => folder, /is a folder/],
    ["a path through a file", (folder) => join(fileWith(folder, ""), "evergrant.db"), /folder .* is a file/],
    ["a path deep through a file", (folder) => join(fileWith(folder, ""), "a", "b.db"), /folder .* is a file/],
    ["a damaged database", (folder) => damaged(folder), /is damaged/],
  ];

  test.each(cases)("%s", async (_, prepare, sentence) => {
    const failure = { name: "ServiceError", code: "store_unavailable", message: expect.stringMatching(sentence) };
    await expect(openSqlite(prepare(temporaryFolder()), clock)).rejects.toMatchObject(failure);
  });

  test("and what was there is left as it was", async () => {
    const path = fileWith(temporaryFolder(), "This is a letter. ".repeat(100));
    await expect(openSqlite(path, clock)).rejects.toThrow(/not an SQLite/);
    expect(readFileSync(path, "utf8")).toBe("This is a letter. ".repeat(100));
    expect(existsSync(`${path}-wal`)).toBe(false);
  });
});

describe("a full disk", () => {
  test("is said to be full; what was stored stays readable, and all goes on when there is room", async () => {
    const stage = await openAt(join(temporaryFolder(), "evergrant.db"));
    await stage.create("con_1");
    const pages = Number(await pragma(stage.database, "page_count"));
    await pragma(stage.database, `max_page_count = ${pages}`);
    const large = { filler: "x".repeat(100_000) };
    await expect(stage.connections.setLabels("con_1", large)).rejects.toMatchObject({
      code: "store_unavailable",
      message: "The disk of the database is full. Free some space; nothing was lost.",
      facts: { retryAfterMs: 1000 },
    });
    expect((await stage.held("con_1")).connection.labels).toEqual({});
    await pragma(stage.database, "max_page_count = 100000");
    await stage.connections.setLabels("con_1", large);
    expect((await stage.held("con_1")).connection.labels).toEqual(large);
  });

  test("in earnest, where the system lets no file grow, loses nothing that was said to be stored", async () => {
    const path = join(temporaryFolder(), "evergrant.db");
    const first = await openAt(path);
    await first.create("con_1");
    const { written, ...failure } = await fillDisk(1024, path);
    expect(written).toBeGreaterThan(10);
    expect(failure).toMatchObject({ code: "store_unavailable", readable: `${written - 1}` });
    expect(failure.cause).toMatch(/^SQLITE_(FULL|IOERR)/);
    expect(failure.sentence).toMatch(/^The disk of the database /);
    expect((await first.held("con_1")).connection.labels["written"]).toBe(`${written - 1}`);
    await first.connections.setLabels("con_1", { room: "again" });
    expect((await first.held("con_1")).connection.labels).toEqual({ room: "again" });
  });
});

test("a database that takes no writes is store_unavailable, and still read", async () => {
  const stage = await openAt(":memory:");
  await stage.create("con_1");
  await pragma(stage.database, "query_only = 1");
  await expect(stage.connections.markProven("con_1")).rejects.toMatchObject({
    code: "store_unavailable",
    message: "The database file cannot be written. Check its permissions.",
  });
  expect((await stage.held("con_1")).lease.attemptGeneration).toBeNull();
});

describe("a transaction", () => {
  test("that throws leaves nothing, passes the error on, and lets the next one through", async () => {
    const stage = await openAt(":memory:");
    await stage.create("con_1");
    const error = new Error("half-way");
    const work = stage.database.write(async (queries) => {
      await queries.updateTable("connections").set({ end_user: "changed" }).execute();
      throw error;
    });
    await expect(work).rejects.toBe(error);
    expect((await stage.held("con_1")).connection.endUser).toBeNull();
    await expect(stage.create("con_2")).resolves.toBeUndefined();
  });

  test("of another process waits its turn, and none is lost", async () => {
    const path = join(temporaryFolder(), "evergrant.db");
    const stage = await openAt(path);
    await stage.create("con_1");
    const each = 150;
    await Promise.all([inAnotherProcess("commit", path, each), inAnotherProcess("commit", path, each)]);
    expect((await stage.held("con_1")).tokens.generation).toBe(1 + 2 * each);
    const history = await stage.connections.history("con_1", { limit: 1000, before: null });
    const generations = history.map(({ generation }) => generation).toReversed();
    expect(generations).toEqual(Array.from({ length: 1 + 2 * each }, (_, i) => i + 1));
    expect(new Set(history.map(({ detail }) => detail["by"])).size).toBe(3);
  });
});

test("closing lets the file be opened elsewhere at once, with nothing left in a side file", async () => {
  const path = join(temporaryFolder(), "evergrant.db");
  const stage = await openAt(path);
  await stage.create("con_1");
  await stage.database.close();
  expect(existsSync(`${path}-wal`)).toBe(false);
  const raw = openRaw(path, { readonly: true });
  expect(raw.value("select count(*) from connections")).toBe(1);
  raw.close();
});

test("a database of another program is left alone", async () => {
  const path = `${temporaryFolder()}/other.db`;
  const other = openRaw(path);
  other.exec("create table theirs (id integer)");
  other.close();
  await expect(openSqlite(path, createManualClock())).rejects.toMatchObject({
    code: "store_unavailable",
    message: expect.stringContaining("belongs to another program"),
  });
  const untouched = openRaw(path, { readonly: true });
  expect(untouched.value("select group_concat(name) from sqlite_master")).toBe("theirs");
  expect(untouched.value("pragma journal_mode")).toBe("delete");
  untouched.close();
});

test("a database of a later version is not opened", async () => {
  const path = `${temporaryFolder()}/later.db`;
  await (await openSqlite(path, createManualClock())).close();
  const later = openRaw(path);
  later.exec("insert into kysely_migration values ('9999-later', '2030-01-01')");
  later.close();
  await expect(openSqlite(path, createManualClock())).rejects.toMatchObject({
    code: "store_unavailable",
    message: expect.stringContaining("another version"),
  });
});
