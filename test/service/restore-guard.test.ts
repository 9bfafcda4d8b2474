import { appendFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ServiceError } from "../../src/runtime/service-error.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { StartError } from "../../src/service/start-error.ts";
import { claimRequest } from "../stage/store-stage.ts";
import { copyOf } from "../stage/database-copy.ts";
import { createGate } from "../stage/gate.ts";
import { openGuardStage, type GuardStage, type Instance } from "./restore-guard-stage.ts";

/** Refreshes at each of the instances in turn, and lets a minute pass each time. */
async function rotate({ clock }: GuardStage, id: string, instances: readonly Instance[]): Promise<void> {
  for (const instance of instances) {
    await clock.advance(MINUTE);
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
    await stage.clock.advance(MINUTE);
    await first.stop();
    await restore();
    const second = await stage.start("a");
    await stage.clock.advance(MINUTE);
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
    await rotate(stage, id, [first]);
    await first.stop();
    await restore();
    appendFileSync(join(first.dataDir, "journal", first.instanceId, "000001.log"), 'noise{"kind":"tokens"}');
    writeFileSync(join(first.dataDir, "journal", first.instanceId, "000003.log"), "");
    rmSync(join(first.dataDir, "journal", first.instanceId, "000003.log"));
    const damaged = join(first.dataDir, "journal", first.instanceId, "000002.log");
    writeFileSync(damaged, "EGJ9 of another version");
    await stage.start("a");
    expect(await stateOf(stage, id)).toMatchObject({ ...HELD, generation: 2 });
  });

  test("holds what was obtained before it can vouch for anything, and lets go on what came later", async () => {
    const stage = await openGuardStage();
    const [early, late] = [await stage.connect(), await stage.connect()];
    const elsewhere = await stage.start("b");
    await rotate(stage, early, [elsewhere]);
    const restore = await copyOf(stage.database);
    await elsewhere.stop();
    await stage.clock.advance(MINUTE);
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
    await stage.restores.mark();
    const second = await stage.start("a");
    expect(await stateOf(stage, id)).toEqual({ ...WELL, generation: 1, works: true });
    await rotate(stage, id, [second]);
  });
});

describe("a start that is cut short while it looks", () => {
  const broken = new ServiceError("store_unavailable", "The database is gone.");

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
    await restore();
    return { stage, id };
  }

  test("hold what one of them raised, because another may have a newer token, until an operator knows that all are here", async () => {
    const { stage, id } = await openTwo();
    const one = await stage.start("a");
    expect(await stateOf(stage, id)).toEqual({ ...HELD, generation: 4, works: false });
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
    for (let second = 0; second < 15; second++) {
      expect((await stage.connections.claim(claim)).kind).toBe("waits");
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
    await stage.clock.advance(2 * SECOND);
    await expect.poll(() => one.observer.of("database.restored")).toMatchObject([{ replayed: 1, held: 0 }]);
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

  test("and lacks more than that was restored", async () => {
    const { stage, moved, still } = await openFailedOver(MINUTE);
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
  await stage.clock.advance(MINUTE);
  const second = await stage.start("a");
  expect(await stateOf(stage, id)).toMatchObject({ generation: 1 });
  expect(readdirSync(join(second.dataDir, "journal"))).toContain("high-water.json");
});
