import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DAY, HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { StartError } from "../../src/service/start-error.ts";
import { openJournal } from "../../src/journal/journal.ts";
import { TENANT } from "../stage/world.ts";
import { copyOf } from "../stage/database-copy.ts";
import { broken, failing, HELD, openGuardStage, rotate, stateOf, WELL } from "./restore-guard-stage.ts";

/** Changes a byte in the middle of the first record. */
function spoil(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
  writeFileSync(path, bytes);
}

describe("one instance with a journal of its own", () => {
  test("raises what its journal has, and holds nothing else, because it would know", async () => {
    const stage = await openGuardStage();
    const first = await stage.start("a");
    const [moved, still] = [await stage.connect(), await stage.connect()];
    const restore = await copyOf(stage.database);
    await rotate(stage, moved, [first, first, first]);
    await first.stop();
    await restore();
    const second = await stage.start("a");
    expect(second.observer.of("database.restored")).toMatchObject([{ replayed: 1, held: 0, complete: true }]);
    expect(await stateOf(stage, moved)).toEqual({ ...WELL, generation: 4, works: true });
    expect(await stateOf(stage, still)).toEqual({ ...WELL, generation: 1, works: true });
    await rotate(stage, moved, [second]);
    expect(stage.server.reuses()).toBe(0);
  });

  test("keeps what came too late to be the newest of its generation as a spare", async () => {
    const stage = await openGuardStage();
    const first = await stage.start("a");
    const id = await stage.connect();
    const restore = await copyOf(stage.database);
    await rotate(stage, id, [first]);
    const late = { ...(await stage.held(id)).tokens, sealedRefreshToken: Buffer.of(1, 2, 3), refreshTokenName: "late" };
    const { dataDir } = first;
    const journal = await openJournal({
      dataDir,
      instanceId: "ins_late",
      clock: stage.clock,
      observer: first.observer,
    });
    const receivedAt = stage.clock.now();
    await journal.append({ kind: "tokens", tenantId: TENANT, connectionId: id, receivedAt, tokens: late });
    await journal.close();
    await first.stop();
    await restore();
    await stage.start("a");
    expect((await stage.held(id)).tokens.generation).toBe(2);
    expect(await stage.connections.spares(id)).toHaveLength(1);
  });

  test("says so once", async () => {
    const stage = await openGuardStage();
    const first = await stage.start("a");
    const restore = await copyOf(stage.database);
    await stage.pass(MINUTE);
    await first.stop();
    await restore();
    const second = await stage.start("a");
    await stage.pass(MINUTE);
    await second.stop();
    const third = await stage.start("a");
    expect(second.observer.of("database.restored")).toHaveLength(1);
    expect(third.observer.of("database.restored")).toEqual([]);
  });

  test("notices by the last commit before it stopped, however soon after the backup that was", async () => {
    const stage = await openGuardStage();
    const first = await stage.start("a");
    const id = await stage.connect();
    const restore = await copyOf(stage.database);
    await stage.clock.advance(1);
    await first.refresh(id);
    await first.stop();
    await restore();
    await stage.start("a");
    expect(await stateOf(stage, id)).toEqual({ ...WELL, generation: 2, works: true });
  });

  test("holds all when something in its journal cannot be read", async () => {
    const stage = await openGuardStage();
    const first = await stage.start("a");
    const id = await stage.connect();
    const restore = await copyOf(stage.database);
    await rotate(stage, id, [first, first]);
    await first.stop();
    await restore();
    spoil(join(first.dataDir, "journal", first.instanceId, "000001.log"), 100);
    const second = await stage.start("a");
    expect(await stateOf(stage, id)).toMatchObject({ ...HELD, generation: 3 });
    expect(second.observer.of("database.restored")).toMatchObject([{ complete: false }]);
  });

  test("holds what was obtained before it can vouch for anything, and lets go on what came later", async () => {
    const stage = await openGuardStage();
    const [early, late] = [await stage.connect(), await stage.connect()];
    const elsewhere = await stage.start("b");
    await rotate(stage, early, [elsewhere]);
    const restore = await copyOf(stage.database);
    await elsewhere.stop();
    await stage.pass(MINUTE);
    const first = await stage.start("a");
    await stage.clock.advance(HOUR);
    await rotate(stage, late, [first]);
    await first.stop();
    await restore();
    const second = await stage.start("a");
    expect(second.observer.of("database.restored")).toMatchObject([{ replayed: 1, held: 1, complete: false }]);
    expect(await stateOf(stage, early)).toMatchObject(HELD);
    expect(await stateOf(stage, late)).toEqual({ ...WELL, generation: 2, works: true });
  });

  test("vouches for nothing while somebody else has used the database", async () => {
    const stage = await openGuardStage();
    const first = await stage.start("a");
    const id = await stage.connect();
    const restore = await copyOf(stage.database);
    await rotate(stage, id, [first]);
    await first.stop();
    const elsewhere = await stage.start("b");
    await rotate(stage, id, [elsewhere]);
    await elsewhere.stop();
    await (await stage.start("a")).stop();
    await restore();
    await stage.start("a");
    expect(await stateOf(stage, id)).toMatchObject({ ...HELD, generation: 2 });
    expect(stage.server.reuses()).toBe(0);
  });

  test("begins anew where its journal is gone, and vouches for what comes then", async () => {
    const stage = await openGuardStage();
    const first = await stage.start("a");
    const id = await stage.connect();
    const restore = await copyOf(stage.database);
    await rotate(stage, id, [first]);
    await first.stop();
    await restore();
    rmSync(join(first.dataDir, "journal", first.instanceId), { recursive: true });
    const second = await stage.start("a");
    expect(await stateOf(stage, id)).toMatchObject({ ...HELD, generation: 1 });
    const later = await stage.connect();
    const again = await copyOf(stage.database);
    await rotate(stage, later, [second]);
    await second.stop();
    await again();
    const third = await stage.start("a");
    expect(third.observer.of("database.restored")).toMatchObject([{ replayed: 1, held: 0, complete: true }]);
    expect(await stateOf(stage, id)).toMatchObject(HELD);
  });

  test("leaves connections alone whose provider never replaces a refresh token", async () => {
    const stage = await openGuardStage({ rotation: false });
    const first = await stage.start("a");
    const id = await stage.connect();
    const restore = await copyOf(stage.database);
    await rotate(stage, id, [first]);
    await first.stop();
    rmSync(first.dataDir, { recursive: true });
    await restore();
    await stage.restores.mark(0);
    const second = await stage.start("a");
    expect(await stateOf(stage, id)).toEqual({ ...WELL, generation: 1, works: true });
    await rotate(stage, id, [second]);
  });
});

describe("a start that is cut short while it looks", () => {
  test("leaves the next one everything to do", async () => {
    const stage = await openGuardStage();
    const first = await stage.start("a");
    const id = await stage.connect();
    const restore = await copyOf(stage.database);
    await rotate(stage, id, [first, first]);
    await first.stop();
    await restore();
    const restores = { ...stage.restores, hold: failing };
    await expect(stage.start("a", { restores })).rejects.toThrow(broken);
    expect((await stage.restores.past())?.restore).toMatchObject({ pending: true });
    const second = await stage.start("a");
    expect(await stateOf(stage, id)).toEqual({ ...WELL, generation: 3, works: true });
    await rotate(stage, id, [second]);
    expect(stage.server.reuses()).toBe(0);
  });
});

test("a journal that turns up after a released connection went on becomes a spare, not the newest", async () => {
  const stage = await openGuardStage({ reuse: { windowMs: DAY } });
  const [one, two] = [await stage.start("a"), await stage.start("b")];
  const id = await stage.connect();
  const restore = await copyOf(stage.database);
  await rotate(stage, id, [two, two, two]);
  await one.stop();
  await two.stop();
  await stage.clock.advance(MINUTE);
  await restore();
  const three = await stage.start("a");
  await stage.restores.release(id);
  await rotate(stage, id, [three]);
  const { refreshToken } = await stage.tokensOf(id);
  await stage.start("b");
  expect(await stateOf(stage, id)).toMatchObject({ ...WELL, generation: 2 });
  expect((await stage.tokensOf(id)).refreshToken).toBe(refreshToken);
  expect(await stage.connections.spares(id)).toMatchObject([{ tokens: { generation: 4 } }]);
});

describe("a data directory of another database", () => {
  test("is said to be one, and vouches for the new database from now on", async () => {
    const stage = await openGuardStage();
    await (await stage.start("a")).stop();
    await stage.database.write(async (queries) => {
      await queries.updateTable("installation").set({ id: "another", beats: 0 }).execute();
    });
    const instance = await stage.start("a");
    expect(instance.observer.of("database.unknown")).toHaveLength(1);
    expect(instance.observer.of("database.restored")).toEqual([]);
    await instance.stop();
    expect((await stage.start("a")).observer.of("database.unknown")).toEqual([]);
  });

  test.each([
    ["the original", null, "copy"],
    ["a clone", "copy", null],
    ["a clone", "copy", "another"],
  ])("stops a start when it is that of %s", async (_whose, clone, other) => {
    const stage = await openGuardStage();
    const become = (name: string | null) =>
      stage.database.write(async (queries) => {
        await queries.updateTable("installation").set({ clone: name }).execute();
      });
    await become(clone);
    await (await stage.start("a")).stop();
    await become(other);
    const failure = await stage.start("a").catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StartError);
    expect(failure).toMatchObject({ kind: "settings", message: expect.stringContaining("EVERGRANT_DATA_DIR") });
  });
});

test("a clone takes nothing from a journal that was written before it was made", async () => {
  const stage = await openGuardStage();
  const first = await stage.start("a");
  const id = await stage.connect();
  const restore = await copyOf(stage.database);
  await rotate(stage, id, [first]);
  await first.kill();
  await restore();
  rmSync(join(first.dataDir, "journal", "high-water.json"));
  const clonedAt = stage.clock.now() + 1;
  await stage.database.write(async (queries) => {
    await queries.updateTable("installation").set({ clone: "copy", cloned_at: clonedAt }).execute();
  });
  await stage.pass(MINUTE);
  const second = await stage.start("a");
  expect(await stateOf(stage, id)).toMatchObject({ generation: 1 });
  expect(readdirSync(join(second.dataDir, "journal"))).toContain("high-water.json");
});
