import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { createInstanceStore } from "../../src/store/instances.ts";
import { copyOf } from "../stage/database-copy.ts";
import { createGate } from "../stage/gate.ts";
import { claimRequest } from "../stage/store-stage.ts";
import { HELD, openGuardStage, rotate, stateOf, WELL } from "./restore-guard-stage.ts";

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

describe("instances with a journal each", () => {
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
