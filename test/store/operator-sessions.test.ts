import { describe, expect, test } from "vitest";
import { DAY, HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { createOperatorSessionStore } from "../../src/store/operator-sessions.ts";
import { DATABASES } from "../stage/databases.ts";
import { openStoreStage } from "../stage/store-stage.ts";

const SESSION = { id: "ops_1", tenantId: "default", keyId: "key_1", operator: null, hash: "h", from: "192.0.2.1" };

describe.each(DATABASES)("operator sessions on $name", (kind) => {
  test("come back as they were stored, and are over when nobody used them for long, or when they are old", async () => {
    const { database, clock } = await openStoreStage(kind);
    const sessions = createOperatorSessionStore(database);
    await sessions.create(SESSION, 3 * HOUR);
    const start = clock.now();
    const times = { createdAt: start, lastUsedAt: start, expiresAt: start + 3 * HOUR };
    await clock.advance(HOUR - 1);
    expect(await sessions.find("ops_1", HOUR)).toEqual({ ...SESSION, ...times, unusedMs: HOUR - 1 });
    await sessions.touch("ops_1", HOUR);
    expect(await sessions.find("ops_1", HOUR)).toMatchObject({ lastUsedAt: start });
    await sessions.touch("ops_1", MINUTE);
    expect(await sessions.find("ops_1", HOUR)).toMatchObject({ lastUsedAt: clock.now(), unusedMs: 0 });
    await clock.advance(HOUR);
    expect(await sessions.find("ops_1", HOUR)).toBeNull();
    expect(await sessions.list("default", HOUR)).toEqual([]);
    expect(await sessions.find("ops_1", 2 * HOUR)).not.toBeNull();
    await clock.advance(HOUR);
    await sessions.touch("ops_1", MINUTE);
    await clock.advance(1);
    expect(await sessions.find("ops_1", HOUR)).toBeNull();
  });

  test("of a person have no key, and say who it is", async () => {
    const { database } = await openStoreStage(kind);
    const sessions = createOperatorSessionStore(database);
    const operator = { issuer: "https://as.example", subject: "a", email: null, groups: ["on, call", "ops"] };
    await sessions.create({ ...SESSION, keyId: null, operator }, HOUR);
    expect(await sessions.find("ops_1", HOUR)).toMatchObject({ keyId: null, operator });
  });

  test("are ended once, by their own tenant, and listed by it", async () => {
    const { database } = await openStoreStage(kind);
    const sessions = createOperatorSessionStore(database);
    for (const id of ["ops_2", "ops_1"]) await sessions.create({ ...SESSION, id }, DAY);
    expect((await sessions.list("default", HOUR)).map(({ id }) => id)).toEqual(["ops_1", "ops_2"]);
    expect(await sessions.list("ten_other", HOUR)).toEqual([]);
    expect(await sessions.end("ten_other", "ops_1")).toBe(false);
    expect(await sessions.end("default", "ops_1")).toBe(true);
    expect(await sessions.end("default", "ops_1")).toBe(false);
    expect(await sessions.find("ops_1", HOUR)).toBeNull();
    expect((await sessions.list("default", HOUR)).map(({ id }) => id)).toEqual(["ops_2"]);
  });

  test("go a month after their end, when another is opened", async () => {
    const { database, clock } = await openStoreStage(kind);
    const sessions = createOperatorSessionStore(database);
    await sessions.create(SESSION, HOUR);
    await clock.advance(30 * DAY + HOUR);
    await sessions.create({ ...SESSION, id: "ops_2" }, HOUR);
    expect(await sessions.end("default", "ops_1")).toBe(true);
    await clock.advance(1);
    await sessions.create({ ...SESSION, id: "ops_3" }, HOUR);
    expect(await database.read((queries) => queries.selectFrom("operator_sessions").select("id").execute())).toEqual([
      { id: "ops_2" },
      { id: "ops_3" },
    ]);
  });
});
