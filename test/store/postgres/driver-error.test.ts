import { randomBytes } from "node:crypto";
import { createServer, type Socket } from "node:net";
import { inspect } from "node:util";
import { DatabaseError } from "pg";
import { describe, expect, onTestFinished, test } from "vitest";
import { secret } from "../../../src/runtime/secret.ts";
import { ServiceError } from "../../../src/runtime/service-error.ts";
import { translate } from "../../../src/store/postgres/driver-error.ts";
import { openPostgres } from "../../../src/store/postgres/open.ts";
import type { PoolOptions } from "../../../src/store/postgres/pool.ts";
import { freePort } from "../../stage/free-port.ts";
import { administer } from "../../stage/postgres/administer.ts";
import { endBackends } from "../../stage/postgres/backends.ts";
import { postgresDatabase, sharedPostgres } from "../../stage/postgres/database.ts";
import { PASSWORD, startPostgres } from "../../stage/postgres/server.ts";

/** What opening comes to; nothing of it may hold the password. */
async function failure(url: string, options: Partial<PoolOptions> = {}): Promise<Error> {
  const outcome = await openPostgres(secret(url), options).catch((error: unknown) => error);
  if (!(outcome instanceof Error)) throw new Error("The database was opened.");
  expect(inspect(outcome, { depth: 10, showHidden: true })).not.toContain(PASSWORD);
  return outcome;
}

function changed(url: string, change: (url: URL) => void): string {
  const other = new URL(url);
  change(other);
  return other.href;
}

/** A user that may connect, and nothing more. */
async function userWith(rights: string): Promise<{ user: string; name: string }> {
  const server = await sharedPostgres();
  const name = `user_${randomBytes(8).toString("hex")}`;
  await administer(server, `create role ${name} login password '${PASSWORD}' ${rights}`);
  onTestFinished(async () => void (await administer(server, `drop role ${name}`)));
  return { name, user: changed(await postgresDatabase("empty"), (url) => void (url.username = name)) };
}

async function listening(answer: (socket: Socket) => void): Promise<number> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

describe("what cannot be opened is store_unavailable and says what to look at:", () => {
  const cases: [string, () => Promise<string>, RegExp][] = [
    ["a port where nothing listens", async () => at(await freePort()), /cannot be reached.*host and port/],
    [
      "a host name that nobody has",
      () => withUrl((url) => (url.hostname = `${"x".repeat(64)}.invalid`)),
      /host name .* not known/,
    ],
    ["a wrong password", () => withUrl((url) => (url.password = "wrong")), /refuses the user or the password/],
    ["no password at all", withoutPassword, /refuses the user or the password/],
    ["a user that is not there", () => withUrl((url) => (url.username = "nobody")), /refuses the user or the password/],
    ["a database that is not there", () => withUrl((url) => (url.pathname = "none")), /database does not exist/],
    ["TLS where there is none", () => withUrl((url) => url.searchParams.set("sslmode", "require")), /offers no TLS/],
    [
      "a certificate file that is not there",
      () => withUrl((url) => url.searchParams.set("sslrootcert", "/nowhere/ca.pem")),
      /file or socket .* cannot be opened/,
    ],
    [
      "a socket that is not there",
      () => Promise.resolve("postgres:///db?host=/nowhere"),
      /file or socket .* cannot be/,
    ],
    ["a user that may not make tables", async () => (await userWith("")).user, /lacks a privilege/],
    [
      "a user without a free connection",
      async () => (await userWith("connection limit 0")).user,
      /short of memory or conn/,
    ],
    ["a server that takes no writes", readOnly, /takes no writes here/],
    ["a server that hangs up", async () => at(await listening((socket) => socket.destroy())), /broke off/],
    ["a server that says nothing", async () => at(await listening(() => undefined)), /did not answer in time/],
  ];

  test.each(cases)("%s", async (_, prepare, sentence) => {
    expect(await failure(await prepare(), { connectWithinMs: 500 })).toMatchObject({
      name: "ServiceError",
      code: "store_unavailable",
      message: expect.stringMatching(sentence),
      facts: { retryAfterMs: 1000 },
    });
  });
});

async function withUrl(change: (url: URL) => void): Promise<string> {
  return changed(await postgresDatabase(), change);
}

/** On a server of its own: it waits for the password for a minute, and drops no database meanwhile. */
async function withoutPassword(): Promise<string> {
  const server = await startPostgres();
  onTestFinished(() => server.remove());
  return changed(server.url("postgres"), (url) => void (url.password = ""));
}

function at(port: number): string {
  return `postgres://evergrant:${PASSWORD}@127.0.0.1:${port}/evergrant`;
}

async function readOnly(): Promise<string> {
  const url = await postgresDatabase();
  await administer(url, `alter database ${nameIn(url)} set default_transaction_read_only = on`);
  return url;
}

function nameIn(url: string): string {
  return new URL(url).pathname.slice(1);
}

describe("connections that are all taken", () => {
  test("are waited for no longer than the deadline", async () => {
    const database = await openPostgres(secret(await postgresDatabase()), { maxConnections: 1, connectWithinMs: 200 });
    onTestFinished(() => database.close());
    await database.write(async () => {
      const waiting = database.read((queries) => queries.selectFrom("tenants").select("id").execute());
      await expect(waiting).rejects.toMatchObject({
        code: "store_unavailable",
        message: expect.stringMatching(/^No connection to PostgreSQL became free in time/),
      });
    });
  });
});

describe("a server that was demoted", () => {
  test("is left by all connections at once, so that the next write finds the new primary", async () => {
    const url = await postgresDatabase();
    const setReadOnly = (value: "on" | "off") =>
      `alter database ${nameIn(url)} set default_transaction_read_only = ${value}`;
    const database = await openPostgres(secret(url), { maxConnections: 3 });
    onTestFinished(() => database.close());
    const read = () => database.read((queries) => queries.selectFrom("tenants").select("name").execute());
    const write = () => database.write((queries) => queries.updateTable("tenants").set({ name: "n" }).execute());
    // A connection keeps the default that it began with, as it keeps its server.
    await administer(url, setReadOnly("on"));
    await endBackends(url, "state = 'idle'");
    await expect.poll(() => Promise.all([read(), read(), read()]).catch(() => [])).toHaveLength(3);
    await administer(await sharedPostgres(), setReadOnly("off"));
    await expect(write()).rejects.toMatchObject({ message: expect.stringMatching(/^PostgreSQL takes no writes here/) });
    await expect(write()).resolves.toMatchObject([{ numUpdatedRows: 1n }]);
  });
});

function serverError(code: string): Error {
  return Object.assign(new DatabaseError("what the server says", 1, "error"), { severity: "ERROR", code });
}

describe("of the server's own errors", () => {
  test.each([
    ["53100", "The disk of PostgreSQL is full. Free some space; nothing was lost."],
    ["57P03", "PostgreSQL is starting or stopping. Try again in a moment."],
    ["57014", "PostgreSQL took too long. Look for what holds its locks or its disk."],
    ["08P01", "The connection to PostgreSQL broke off. Try again in a moment."],
    ["58030", "The system under PostgreSQL reports an error. Check its disk and its log."],
    ["XX001", "PostgreSQL reports damaged data. Stop the service and restore a backup."],
  ])("%s is about the server", (code, message) => {
    expect(translate(serverError(code))).toMatchObject({ code: "store_unavailable", message });
  });

  test.each(["23505", "23503", "42601", "22P02"])("%s is about the statement, and passed on as it is", (code) => {
    const own = serverError(code);
    expect(translate(own)).toBe(own);
  });

  test("what is no error of a database is passed on as it is", () => {
    const own = new ServiceError("not_found", "There is none.");
    for (const other of [own, new Error("Something else."), "a string"]) expect(translate(other)).toBe(other);
  });
});
