import { randomBytes } from "node:crypto";
import { expect, it, onTestFinished } from "vitest";
import { examine } from "../../src/cli/doctor/examine.ts";
import { checkDatabaseClock } from "../../src/cli/doctor/check-clock.ts";
import type { Finding } from "../../src/cli/doctor/finding.ts";
import { openKeyring } from "../../src/keyring/keyring.ts";
import { generateRootKey, parseRootKey } from "../../src/keyring/root-key.ts";
import { secret } from "../../src/runtime/secret.ts";
import { systemClock, systemRandom } from "../../src/service/system.ts";
import { createKeyStore } from "../../src/store/keys.ts";
import { openPostgres } from "../../src/store/postgres/open.ts";
import { freePort } from "../stage/free-port.ts";
import { administer } from "../stage/postgres/administer.ts";
import { postgresDatabase, sharedPostgres } from "../stage/postgres/database.ts";
import { PASSWORD, startPostgres } from "../stage/postgres/server.ts";
import { SERVICE } from "../stage/postgres/shared-server.ts";
import { addStandby } from "../stage/postgres/standby.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { ANY_PORT } from "./any-port.ts";

/** What the doctor says about the database at this URL, and about what hangs on it. */
async function examineAt(
  url: string,
  rootKey = generateRootKey(systemRandom),
): Promise<{ database: Finding[]; rest: Finding[] }> {
  const findings = await examine({
    EVERGRANT_DATABASE_URL: url,
    EVERGRANT_DATA_DIR: temporaryFolder(),
    EVERGRANT_ROOT_KEY: rootKey.reveal(),
    ...ANY_PORT,
  });
  expect(JSON.stringify(findings)).not.toContain(PASSWORD);
  return {
    database: findings.filter(({ check }) => check === "database"),
    rest: findings.filter(({ check }) => check === "root key"),
  };
}

function bad(found: RegExp, next: string) {
  const said = { found: expect.stringMatching(found), next: expect.stringContaining(next) };
  return { kind: "wrong", exit: "database", check: "database", ...said };
}

it("finds our database fine, and names it without user and password", async () => {
  const url = await postgresDatabase();
  const { database, rest } = await examineAt(url);
  expect(database).toEqual([
    // The test server writes to no disk.
    {
      kind: "fine",
      check: "database",
      found: expect.stringMatching(/^127\.0\.0\.1:\d+\/test_\w+ \(PostgreSQL 17\.\d+\) takes/),
    },
    { kind: "warning", check: "database", found: expect.stringContaining("loses power"), next: expect.any(String) },
  ]);
  expect(rest).toMatchObject([{ kind: "fine", found: expect.stringContaining("the first start seals the database") }]);
});

it("finds that the root key opens a database that is sealed, without writing there", async () => {
  const url = await postgresDatabase();
  const rootKey = generateRootKey(systemRandom);
  const primary = parseRootKey(rootKey.reveal());
  if (!primary) throw new Error("The new root key is none.");
  const database = await openPostgres(secret(url));
  onTestFinished(() => database.close());
  const deps = { random: systemRandom, clock: systemClock };
  await openKeyring({ keys: createKeyStore(database, () => "inst-1"), roots: { primary, others: [] }, ...deps });
  const { rest } = await examineAt(url, rootKey);
  expect(rest).toMatchObject([{ kind: "fine", found: expect.stringContaining("it opens this database") }]);
  expect((await examineAt(url)).rest).toMatchObject([
    { kind: "wrong", found: expect.stringContaining("is not the one") },
  ]);
});

it("finds an empty database fine, and makes nothing in it", async () => {
  const url = await postgresDatabase("empty");
  const { database, rest } = await examineAt(url);
  expect(database[0]).toMatchObject({
    kind: "fine",
    found: expect.stringContaining("the first start makes its tables"),
  });
  expect(rest).toMatchObject([{ kind: "fine" }]);
  expect(await administer(url, "select 1 from pg_tables where schemaname = 'public'")).toEqual([]);
});

it("asks for a root key that all processes have, and makes none in passing", async () => {
  const findings = await examine({
    EVERGRANT_DATABASE_URL: await postgresDatabase("empty"),
    EVERGRANT_DATA_DIR: temporaryFolder(),
    ...ANY_PORT,
  });
  expect(findings.find(({ check }) => check === "root key")).toMatchObject({
    kind: "wrong",
    exit: "key",
    next: expect.stringMatching(/evergrant keys generate root.*the same one to every process/),
  });
});

it("leaves a database of another program alone", async () => {
  const url = await postgresDatabase("empty");
  await administer(url, "create table songs (title text)");
  const { database, rest } = await examineAt(url);
  expect(database[0]).toMatchObject(bad(/belongs to another program$/, "of its own"));
  expect(rest).toMatchObject([{ kind: "warning", found: expect.stringContaining("not checked") }]);
});

it("sees that the user may not write", async () => {
  const url = new URL(await postgresDatabase());
  const owned = new URL(url.pathname, await sharedPostgres()).href;
  const name = `user_${randomBytes(8).toString("hex")}`;
  const password = `password '${PASSWORD}'`;
  await administer(
    owned,
    `create role ${name} login ${password}; grant select on all tables in schema public to ${name}`,
  );
  onTestFinished(async () => void (await administer(owned, `drop owned by ${name}; drop role ${name}`)));
  url.username = name;
  expect((await examineAt(url.href)).database[0]).toMatchObject(bad(/not let this user write/, "the owner"));
});

it.each(["superuser", "nosuperuser bypassrls"])(
  "warns of a user whom no row-level security stops: %s",
  async (rights) => {
    const url = new URL(await postgresDatabase());
    const name = `user_${randomBytes(8).toString("hex")}`;
    const server = await sharedPostgres();
    await administer(server, `create role ${name} login password '${PASSWORD}' ${rights} in role ${SERVICE}`);
    onTestFinished(async () => void (await administer(server, `drop role ${name}`)));
    url.username = name;
    const { database } = await examineAt(url.href);
    expect(database).toMatchObject([
      { kind: "fine" },
      { found: expect.stringContaining("loses power") },
      { kind: "warning", found: expect.stringMatching(/superuser, or has BYPASSRLS$/), next: expect.any(String) },
    ]);
  },
);

it("knows a standby, and reads it all the same", async () => {
  const primary = await startPostgres();
  onTestFinished(() => primary.remove());
  const standby = await addStandby(primary, "asynchronous");
  onTestFinished(() => standby.remove());
  const { database } = await examineAt(standby.url("postgres"));
  expect(database[0]).toMatchObject(bad(/takes no writes: it is a standby$/, "at the primary"));
});

it.each([
  [
    "a server that is not there",
    async (url: URL) => (url.port = `${await freePort()}`),
    "cannot be reached",
    "host and port",
  ],
  [
    "a wrong password",
    (url: URL) => (url.password = "wrong"),
    "refuses the user or the password",
    "EVERGRANT_DATABASE_URL",
  ],
  ["a database that is not there", (url: URL) => (url.pathname = "none"), "does not exist", "Create it"],
])("says so of %s", async (_name, change, found, next) => {
  const url = new URL(await postgresDatabase());
  await change(url);
  expect((await examineAt(url.href)).database).toMatchObject([bad(new RegExp(found), next)]);
});

it.each([
  [-5000, []],
  [5000, []],
  [5001, ["5 s ahead of the database"]],
  [-60_000, ["60 s behind the database"]],
])("a clock %d ms ahead of the database's: %j", (ahead, found) => {
  expect(checkDatabaseClock(ahead).map((finding) => finding.found)).toEqual(found);
});
