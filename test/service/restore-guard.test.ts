import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ServiceError } from "../../src/runtime/service-error.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { createInstanceStore } from "../../src/store/instances.ts";
import { StartError } from "../../src/service/start-error.ts";
import { claimRequest } from "../stage/store-stage.ts";
import { copyOf } from "../stage/database-copy.ts";
import { createGate } from "../stage/gate.ts";
import { openGuardStage, type GuardStage, type Instance } from "./restore-guard-stage.ts";

/** Refreshes at each of the instances in turn, and lets a minute pass each time. */
async function rotate({ pass }: GuardStage, id: string, instances: readonly Instance[]): Promise<void> {
  for (const instance of instances) {
    await pass(10 * SECOND);
    expect(await instance.refresh(id)).toEqual({ kind: "renewed" });
  }
}

async function stateOf(stage: GuardStage, id: string) {
  const { connection, tokens } = await stage.held(id);
  const { refreshToken = "" } = await stage.tokensOf(id);
  const cause = connection.diagnosis?.cause ?? null;
  return { status: connection.status, cause, generation: tokens.generation, works: stage.server.accepts(refreshToken) };
}

const HELD = { status: "suspended", cause: "restored_from_backup" };
const WELL = { status: "active", cause: null };

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

const broken = new ServiceError("store_unavailable", "The database is gone.");

describe("a start that is cut short while it looks", () => {
  test("leaves the next one everything to do", async () => {
    const stage = await openGuardStage();
    const first = await stage.start("a");
    const id = await stage.connect();
    const restore = await copyOf(stage.database);
    await rotate(stage, id, [first, first]);
    await first.stop();
    await restore();
    const hold = () => Promise.reject(broken);
    await expect(stage.start("a", { restores: { ...stage.restores, hold } })).rejects.toThrow(broken);
    expect((await stage.restores.past())?.restore).toMatchObject({ pending: true });
    const second = await stage.start("a");
    expect(await stateOf(stage, id)).toEqual({ ...WELL, generation: 3, works: true });
    await rotate(stage, id, [second]);
    expect(stage.server.reuses()).toBe(0);
  });
});

describe("instances with a journal each", () => {
  /** Two instances refreshed in turn, the second one last, and the database is as before that. */
  async function openTwo() {
    const stage = await openGuardStage();
    const [one, two] = [await stage.start("a"), await stage.start("b")];
    const id = await stage.connect();
    const restore = await copyOf(stage.database);
    await rotate(stage, id, [one, two, one, two]);
    await one.stop();
    await two.stop();
    await stage.clock.advance(MINUTE);
    await restore();
    return { stage, id };
  }

  test("hold what one of them raised, because another may have a newer token, until an operator knows that all are here", async () => {
    const { stage, id } = await openTwo();
    const one = await stage.start("a");
    expect(await stateOf(stage, id)).toEqual({ ...HELD, generation: 4, works: false });
    await stage.clock.advance(SECOND);
    const two = await stage.start("b");
    expect(two.observer.of("database.restored")).toMatchObject([{ replayed: 1, held: 1, complete: false }]);
    expect(await stateOf(stage, id)).toEqual({ ...HELD, generation: 5, works: true });
    expect(await one.refresh(id)).toMatchObject({ kind: "retry_later", cause: "restored_from_backup" });
    await stage.restores.release(id);
    expect(await one.refresh(id)).toEqual({ kind: "renewed" });
    expect(stage.server.reuses()).toBe(0);
  });

  test("know all when they share a data directory", async () => {
    const stage = await openGuardStage();
    const [one, two] = [await stage.start("a"), await stage.start("a")];
    const id = await stage.connect();
    const restore = await copyOf(stage.database);
    await rotate(stage, id, [one, two, one, two]);
    await one.stop();
    await two.stop();
    await restore();
    const three = await stage.start("a");
    expect(await stateOf(stage, id)).toEqual({ ...WELL, generation: 5, works: true });
    await rotate(stage, id, [three]);
    expect(stage.server.reuses()).toBe(0);
  });

  test("miss the journal of each other that is gone from the data directory they share", async () => {
    const stage = await openGuardStage();
    const [one, two] = [await stage.start("a"), await stage.start("a")];
    const id = await stage.connect();
    const restore = await copyOf(stage.database);
    await rotate(stage, id, [two]);
    await stage.pass(10 * SECOND);
    await two.kill();
    await stage.pass(10 * SECOND);
    await one.stop();
    await restore();
    rmSync(join(two.dataDir, "journal", two.instanceId), { recursive: true });
    await stage.start("a");
    expect(await stateOf(stage, id)).toMatchObject({ ...HELD, generation: 1 });
  });

  test("that never had the database do not speak of its restores", async () => {
    const { stage } = await openTwo();
    await stage.start("a");
    const three = await stage.start("c");
    expect(three.observer.of("database.restored")).toEqual([]);
  });

  test("claim nothing while one of them looks", async () => {
    const stage = await openGuardStage();
    const one = await stage.start("a");
    const id = await stage.connect();
    const restore = await copyOf(stage.database);
    await rotate(stage, id, [one, one]);
    await one.stop();
    await restore();
    const other = await stage.start("b");
    const gate = createGate();
    const entered = createGate();
    const list = async () => {
      entered.open();
      await gate.passed();
      return stage.catalogue.list();
    };
    const starting = stage.start("a", { catalogue: { ...stage.catalogue, list } });
    await entered.passed();
    const { tokens } = await stage.held(id);
    const claim = claimRequest(id, { generation: tokens.generation, owner: other.instanceId });
    const instances = createInstanceStore(stage.database);
    for (let second = 0; second < 15; second++) {
      await instances.beat(other.instanceId, 1);
      expect((await stage.connections.claim(claim)).kind).toBe("unverified");
      await stage.clock.advance(SECOND);
    }
    gate.open();
    await starting;
    expect((await stage.connections.claim(claim)).kind).toBe("claimed");
  });

  test("notice under way that the database went back", async () => {
    const stage = await openGuardStage();
    const one = await stage.start("a");
    const id = await stage.connect();
    const restore = await copyOf(stage.database);
    await rotate(stage, id, [one, one]);
    await restore();
    await stage.pass(2 * SECOND);
    expect(one.observer.of("database.restored")).toMatchObject([{ replayed: 1, held: 0 }]);
    expect(await stateOf(stage, id)).toEqual({ ...WELL, generation: 3, works: true });
  });
});

describe("a database that failed over", () => {
  async function openFailedOver(forgivesMs: number) {
    const stage = await openGuardStage();
    const [one, elsewhere] = [await stage.start("a", { forgivesMs }), await stage.start("b", { forgivesMs })];
    const [moved, still] = [await stage.connect(), await stage.connect()];
    const restore = await copyOf(stage.database);
    await rotate(stage, moved, [one]);
    await one.stop();
    await elsewhere.kill();
    await restore();
    return { stage, moved, still, again: await stage.start("a", { forgivesMs }) };
  }

  test("is no restore: what its last minutes lacked is brought back, and nothing is held", async () => {
    const { stage, moved, still } = await openFailedOver(10 * MINUTE);
    expect(await stateOf(stage, moved)).toEqual({ ...WELL, generation: 2, works: true });
    expect(await stateOf(stage, still)).toMatchObject(WELL);
    expect((await stage.restores.past())?.restore).toBeNull();
  });

  test("is made up for however late that comes", async () => {
    const stage = await openGuardStage();
    const forgivesMs = 10 * MINUTE;
    const one = await stage.start("a", { forgivesMs });
    const id = await stage.connect();
    const restore = await copyOf(stage.database);
    await rotate(stage, id, [one]);
    await stage.pass(10 * SECOND);
    await restore();
    await one.stop();
    await stage.clock.advance(2 * HOUR);
    await stage.start("a", { forgivesMs });
    expect(await stateOf(stage, id)).toEqual({ ...WELL, generation: 2, works: true });
    expect((await stage.restores.past())?.restore).toBeNull();
  });

  test("is made up for under way, however often that fails at first", async () => {
    const stage = await openGuardStage();
    let failures = 9;
    const newestOf: typeof stage.connections.newestOf = (ids) =>
      failures-- > 0 ? Promise.reject(broken) : stage.connections.newestOf(ids);
    const change = { forgivesMs: 10 * MINUTE, connections: { ...stage.connections, newestOf } };
    const one = await stage.start("a", change);
    const id = await stage.connect();
    const restore = await copyOf(stage.database);
    await rotate(stage, id, [one]);
    await restore();
    while (failures > 0) {
      await expect(stage.pass(2 * SECOND)).rejects.toThrow(broken);
      // Others count on.
      await stage.restores.follow(null);
    }
    await stage.pass(2 * SECOND);
    expect(await stateOf(stage, id)).toEqual({ ...WELL, generation: 2, works: true });
  });

  test("is not forgotten by an instance that ends before it has made up for it", async () => {
    const stage = await openGuardStage();
    const newestOf = () => Promise.reject(broken);
    const forgivesMs = 10 * MINUTE;
    const one = await stage.start("a", { forgivesMs, connections: { ...stage.connections, newestOf } });
    const id = await stage.connect();
    const restore = await copyOf(stage.database);
    await rotate(stage, id, [one]);
    await restore();
    for (let time = 0; time < 9; time++) await expect(stage.pass(2 * SECOND)).rejects.toThrow(broken);
    await one.stop();
    await stage.clock.advance(2 * HOUR);
    await stage.start("a", { forgivesMs });
    expect(await stateOf(stage, id)).toMatchObject({ generation: 2 });
  });

  test("leaves the journals as good as they were", async () => {
    const { stage, again } = await openFailedOver(10 * MINUTE);
    await stage.pass(10 * SECOND);
    const later = await stage.connect();
    await stage.restores.mark(stage.clock.now());
    await stage.pass(2 * SECOND);
    expect(again.observer.of("database.restored")).toMatchObject([{ complete: true }]);
    expect(await stateOf(stage, later)).toMatchObject(WELL);
  });

  test("and lacks more than that was restored", async () => {
    const { stage, moved, still } = await openFailedOver(5 * SECOND);
    expect(await stateOf(stage, moved)).toMatchObject({ ...HELD, generation: 2 });
    expect(await stateOf(stage, still)).toMatchObject(HELD);
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
