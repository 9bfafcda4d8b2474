import { sql } from "kysely";
import { describe, expect, onTestFinished, test } from "vitest";
import { secret } from "../../../src/runtime/secret.ts";
import type { Database, Queries } from "../../../src/store/database.ts";
import { openPostgres } from "../../../src/store/postgres/open.ts";
import type { PoolOptions } from "../../../src/store/postgres/pool.ts";
import { createDeferred } from "../../runtime/deferred.ts";
import { administer } from "../../stage/postgres/administer.ts";
import { endBackends } from "../../stage/postgres/backends.ts";
import { postgresDatabase } from "../../stage/postgres/database.ts";

const UNAVAILABLE = { name: "ServiceError", code: "store_unavailable", facts: { retryAfterMs: 1000 } };

async function open(options: Partial<PoolOptions> = {}, prepare = "select 1") {
  const url = await postgresDatabase();
  await administer(url, prepare);
  const database = await openPostgres(secret(url), options);
  onTestFinished(() => database.close());
  return { url, database };
}

async function rename(queries: Queries, name: string): Promise<void> {
  await queries.updateTable("tenants").set({ name }).execute();
}

async function nameIn(database: Database): Promise<string | undefined> {
  const row = await database.read((queries) => queries.selectFrom("tenants").select("name").executeTakeFirst());
  return row?.name;
}

async function only<T>(database: Database, text: string): Promise<T | undefined> {
  const { rows } = await database.read((queries) => sql.raw<{ value: T }>(`select ${text} as value`).execute(queries));
  return rows[0]?.value;
}

describe("a transaction", () => {
  test("that throws leaves nothing, passes the error on, and lets the next one through", async () => {
    const { database } = await open({ maxConnections: 1 });
    const error = new Error("half-way");
    const work = database.write(async (queries) => {
      await rename(queries, "changed");
      throw error;
    });
    await expect(work).rejects.toBe(error);
    expect(await nameIn(database)).toBe("Default");
    await database.write((queries) => rename(queries, "next"));
    expect(await nameIn(database)).toBe("next");
  });

  test("whose work hides a failed statement is not taken for done", async () => {
    const { database } = await open();
    const work = database.write(async (queries) => {
      await rename(queries, "changed");
      await sql`select 1 / 0`.execute(queries).catch(() => undefined);
    });
    await expect(work).rejects.toThrow("was not let out");
    expect(await nameIn(database)).toBe("Default");
  });

  test("that the server rolls back because of another one is run again", async () => {
    const { database } = await open();
    await database.write((queries) =>
      queries.insertInto("tenants").values({ id: "ten_2", name: "Second", created_at: 1 }).execute(),
    );
    let runs = 0;
    const met = [createDeferred<void>(), createDeferred<void>()];
    const crossing = (ids: string[], mine: number) =>
      database.write(async (queries) => {
        runs++;
        for (const [step, id] of ids.entries()) {
          await queries
            .updateTable("tenants")
            .set({ name: `by ${mine}` })
            .where("id", "=", id)
            .execute();
          if (step === 0) met[mine]?.resolve(undefined);
          await met[1 - mine]?.promise;
        }
      });
    await Promise.all([crossing(["default", "ten_2"], 0), crossing(["ten_2", "default"], 1)]);
    expect(runs).toBeGreaterThan(2);
  });

  test("of many at once loses no update", async () => {
    const { database } = await open();
    await database.write((queries) => rename(queries, "0"));
    const increment = () =>
      database.write(async (queries) => {
        const row = await queries
          .selectFrom("tenants")
          .select("name")
          .where("id", "=", "default")
          .modifyEnd(database.dialect.forUpdate)
          .executeTakeFirstOrThrow();
        await rename(queries, `${Number(row.name) + 1}`);
      });
    await Promise.all(Array.from({ length: 100 }, increment));
    expect(await nameIn(database)).toBe("100");
  });

  test("skips rows that another one has locked, where it says so", async () => {
    const { database } = await open();
    const lock = (queries: Queries) =>
      queries.selectFrom("tenants").select("id").modifyEnd(database.dialect.skipLocked).execute();
    await database.write(async (queries) => {
      expect(await lock(queries)).toHaveLength(1);
      expect(await database.write(lock)).toHaveLength(0);
    });
    expect(await database.write(lock)).toHaveLength(1);
  });
});

describe("a connection that is lost", () => {
  test("in mid-transaction is store_unavailable, leaves nothing, and is replaced", async () => {
    const { url, database } = await open({ maxConnections: 1 });
    const work = database.write(async (queries) => {
      await rename(queries, "changed");
      await endBackends(url, "state = 'idle in transaction'");
      await rename(queries, "changed again");
    });
    const waiting = nameIn(database);
    await expect(work).rejects.toMatchObject(UNAVAILABLE);
    expect(await waiting).toBe("Default");
  });

  test("during the commit is store_unavailable, as nobody can know whether it happened", async () => {
    const slowCommit = `create function slow() returns trigger language plpgsql as
        $$ begin perform pg_sleep(60); return null; end $$;
      create constraint trigger slow after update on tenants deferrable initially deferred
        for each row execute function slow()`;
    const { url, database } = await open({}, slowCommit);
    const work = database.write((queries) => rename(queries, "changed")).catch((error: unknown) => error);
    await endBackends(url, "wait_event = 'PgSleep' and query = 'commit'");
    expect(await work).toMatchObject(UNAVAILABLE);
    expect(await nameIn(database)).toBe("Default");
  });

  test("while nobody uses it is not missed", async () => {
    const { url, database } = await open();
    await Promise.all(Array.from({ length: 5 }, () => nameIn(database)));
    await endBackends(url, "state = 'idle'");
    await expect.poll(() => nameIn(database).catch(() => null)).toBe("Default");
  });
});

describe("a server that goes silent", () => {
  test("is not waited for longer than the deadline, and its connection is not used again", async () => {
    const { database } = await open({ maxConnections: 1, answerWithinMs: 300 });
    const pid = await only<number>(database, "pg_backend_pid()");
    process.kill(Number(pid), "SIGSTOP");
    onTestFinished(() => void process.kill(Number(pid), "SIGCONT"));
    await expect(nameIn(database)).rejects.toMatchObject({
      ...UNAVAILABLE,
      message: expect.stringMatching(/^PostgreSQL did not answer in time/),
    });
    expect(await nameIn(database)).toBe("Default");
    expect(await only<number>(database, "pg_backend_pid()")).not.toBe(pid);
  });
});

describe("a process that stops in mid-transaction", () => {
  test("keeps its locks no longer than the deadline", async () => {
    const { url, database } = await open({ answerWithinMs: 500 });
    const released = createDeferred<void>();
    const stopped = database.write(async (queries) => {
      await rename(queries, "stopped");
      await released.promise;
      await rename(queries, "too late");
    });
    const other = await openPostgres(secret(url), { answerWithinMs: 5000 });
    onTestFinished(() => other.close());
    await other.write((queries) => rename(queries, "other"));
    released.resolve(undefined);
    await expect(stopped).rejects.toMatchObject(UNAVAILABLE);
    expect(await nameIn(database)).toBe("other");
  });
});

describe("a server whose commits are not on disk when it says so", () => {
  test("is told to wait for the disk, in each transaction and only there", async () => {
    const url = await postgresDatabase();
    const { pathname } = new URL(url);
    await administer(url, `alter database ${pathname.slice(1)} set synchronous_commit = off`);
    const database = await openPostgres(secret(url), { maxConnections: 1 });
    onTestFinished(() => database.close());
    const setting = sql<{ value: string }>`select current_setting('synchronous_commit') as value`;
    expect((await database.write((queries) => setting.execute(queries))).rows).toEqual([{ value: "on" }]);
    expect((await database.read((queries) => setting.execute(queries))).rows).toEqual([{ value: "off" }]);
  });
});
