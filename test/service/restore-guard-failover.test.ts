import { describe, expect, test } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { copyOf } from "../stage/database-copy.ts";
import { broken, failing, HELD, openGuardStage, rotate, stateOf, WELL } from "./restore-guard-stage.ts";

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

describe("a database that failed over", () => {
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
    for (let time = 0; time < 9; time++) {
      await expect(stage.pass(2 * SECOND)).rejects.toThrow(broken);
      // Others count on.
      await stage.restores.follow(null);
    }
    await stage.pass(2 * SECOND);
    expect(await stateOf(stage, id)).toEqual({ ...WELL, generation: 2, works: true });
  });

  test("is not forgotten by an instance that ends before it has made up for it", async () => {
    const stage = await openGuardStage();
    const forgivesMs = 10 * MINUTE;
    const one = await stage.start("a", { forgivesMs, connections: { ...stage.connections, newestOf: failing } });
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
