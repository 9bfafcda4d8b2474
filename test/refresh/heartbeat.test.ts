import { describe, expect, test } from "vitest";
import { createHeartbeat } from "../../src/refresh/heartbeat.ts";
import type { InstanceStore } from "../../src/refresh/instances.ts";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { storeIsDown } from "../stage/faulty-connection-store.ts";

interface Beats extends InstanceStore {
  /** What was said: when, and up to which incarnation its journal was compared. */
  readonly said: { at: number; verified: number }[];
  left: number;
  living: number;
  incarnation: number;
  down: boolean;
}

/** Other instances and a database, as far as a heartbeat sees them. */
function openBeats({ clock }: EngineStage): Beats {
  const start = clock.now();
  const beats: Beats = {
    said: [],
    left: 0,
    living: 1,
    incarnation: 7,
    down: false,
    beat: async (_, verified) => {
      if (beats.down) throw storeIsDown();
      beats.said.push({ at: clock.now() - start, verified });
      return { now: clock.now(), incarnation: beats.incarnation, living: beats.living };
    },
    leave: async () => {
      if (beats.down) throw storeIsDown();
      beats.left++;
    },
  };
  return beats;
}

async function openHeartbeat() {
  const stage = await openEngineStage();
  const beats = openBeats(stage);
  const shares: number[] = [];
  const pace = { ...stage.ports.pace, setShare: (share: number) => void shares.push(share) };
  const heartbeat = createHeartbeat({ ...stage.ports, pace, instances: beats, refresher: stage.refresher });
  return { stage, beats, shares, heartbeat };
}

describe("a heartbeat", () => {
  test("makes the instance known at once, and gives a sign of life every two seconds", async () => {
    const { stage, beats, heartbeat } = await openHeartbeat();
    await heartbeat.start();
    expect(stage.observer.of("instance.joined")).toEqual([{ instanceId: stage.instanceId }]);
    await stage.clock.advance(6 * SECOND);
    expect(beats.said.map(({ at }) => at)).toEqual([0, 0, 2 * SECOND, 4 * SECOND, 6 * SECOND]);
    await heartbeat.stop();
  });

  test("says that nothing is compared yet, and then up to which database it is", async () => {
    const { beats, heartbeat } = await openHeartbeat();
    await heartbeat.start();
    expect(beats.said.map(({ verified }) => verified)).toEqual([0, 7]);
    await heartbeat.stop();
  });

  test("does not start while the store is down", async () => {
    const { beats, heartbeat, stage } = await openHeartbeat();
    beats.down = true;
    await expect(heartbeat.start()).rejects.toMatchObject({ code: "store_unavailable" });
    expect(stage.observer.of("instance.joined")).toEqual([]);
  });

  test("divides the pace among all that live", async () => {
    const { stage, beats, shares, heartbeat } = await openHeartbeat();
    await heartbeat.start();
    beats.living = 4;
    await stage.clock.advance(2 * SECOND);
    beats.living = 0;
    await stage.clock.advance(2 * SECOND);
    expect(shares).toEqual([1, 0.25, 1]);
    await heartbeat.stop();
  });

  test("tells once that it is not heard, and once that it is again", async () => {
    const { stage, beats, heartbeat } = await openHeartbeat();
    const { instanceId } = stage;
    await heartbeat.start();
    beats.down = true;
    await stage.clock.advance(10 * SECOND);
    expect(stage.observer.of("instance.silent")).toEqual([{ instanceId, code: "store_unavailable" }]);
    expect(stage.observer.of("instance.heard_again")).toEqual([]);
    beats.down = false;
    await stage.clock.advance(10 * SECOND);
    expect(stage.observer.of("instance.heard_again")).toEqual([{ instanceId }]);
    beats.down = true;
    await stage.clock.advance(2 * SECOND);
    expect(stage.observer.of("instance.silent")).toHaveLength(2);
    await heartbeat.stop();
  });

  test("stops at once, and says that the instance holds nothing any more", async () => {
    const { stage, beats, heartbeat } = await openHeartbeat();
    await heartbeat.start();
    await heartbeat.stop();
    await stage.clock.advance(10 * SECOND);
    expect(beats.said).toHaveLength(2);
    expect(beats.left).toBe(1);
  });

  test("stops although the store is down", async () => {
    const { beats, heartbeat } = await openHeartbeat();
    await heartbeat.start();
    beats.down = true;
    await expect(heartbeat.stop()).resolves.toBeUndefined();
  });
});

describe("a database that is another one", () => {
  test("is told of, and is compared with before that is said", async () => {
    const { stage, beats, heartbeat } = await openHeartbeat();
    const { instanceId } = stage;
    const id = await stage.connect();
    const forget = await stage.remember();
    await heartbeat.start();
    await stage.refresh(id);
    await forget();
    beats.incarnation = 8;
    const compared: number[] = [];
    stage.store.before("recover", () => void compared.push(beats.said.at(-1)?.verified ?? 0));
    await stage.clock.advance(2 * SECOND);
    expect(stage.observer.of("database.changed")).toEqual([{ instanceId, incarnation: 8 }]);
    expect(compared).toEqual([7]);
    expect((await stage.held(id)).tokens.generation).toBe(2);
    // By then everybody else has given a sign of life too.
    expect(beats.said.at(-1)).toEqual({ at: 2 * SECOND, verified: 7 });
    await stage.clock.advance(3 * SECOND);
    expect(beats.said.at(-1)).toEqual({ at: 5 * SECOND, verified: 8 });
    await stage.clock.advance(2 * SECOND);
    expect(stage.observer.of("database.changed")).toHaveLength(1);
    await heartbeat.stop();
  });

  test("is compared with again and again until the store takes what it lacks", async () => {
    const { stage, beats, heartbeat } = await openHeartbeat();
    const id = await stage.connect();
    const forget = await stage.remember();
    await heartbeat.start();
    await stage.refresh(id);
    await forget();
    beats.incarnation = 8;
    stage.store.fail("recover", 2);
    await stage.clock.advance(4 * SECOND);
    expect(beats.said.at(-1)?.verified).toBe(7);
    expect(stage.observer.of("instance.silent")).toHaveLength(1);
    await stage.clock.advance(5 * SECOND);
    expect(beats.said.at(-1)?.verified).toBe(8);
    expect(stage.observer.of("instance.heard_again")).toHaveLength(1);
    await heartbeat.stop();
  });

  test("is not asked about what was received long before it was last heard: a failover loses seconds", async () => {
    const { stage, beats, heartbeat } = await openHeartbeat();
    const id = await stage.connect();
    await heartbeat.start();
    await stage.refresh(id);
    beats.incarnation = 8;
    await stage.clock.advance(2 * SECOND);
    expect(stage.store.calls("newestOf")).toBe(1);
    await stage.clock.advance(15 * MINUTE);
    beats.incarnation = 9;
    await stage.clock.advance(2 * SECOND);
    expect(stage.store.calls("newestOf")).toBe(1);
    await heartbeat.stop();
  });

  test("is asked about all that was received since it was last heard, however long that was", async () => {
    const { stage, beats, heartbeat } = await openHeartbeat();
    const id = await stage.connect();
    await heartbeat.start();
    const forget = await stage.remember();
    beats.down = true;
    await stage.refresh(id);
    await stage.clock.advance(20 * MINUTE);
    await forget();
    beats.incarnation = 8;
    beats.down = false;
    await stage.clock.advance(2 * SECOND);
    expect((await stage.held(id)).tokens.generation).toBe(2);
    await heartbeat.stop();
  });
});

test.each([
  [59 * MINUTE, 2],
  [61 * MINUTE, 1],
])("the first comparison goes back an hour: after %d ms the store has generation %d", async (age, generation) => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  const forget = await stage.remember();
  await stage.refresh(id);
  await stage.clock.advance(age);
  await forget();
  const instances = openBeats(stage);
  const heartbeat = createHeartbeat({ ...stage.ports, instances, refresher: stage.refresher });
  await heartbeat.start();
  expect((await stage.held(id)).tokens.generation).toBe(generation);
  await heartbeat.stop();
});

test("what the journal has and the database lacks is brought there before the instance is known as compared", async () => {
  const { stage, beats, heartbeat } = await openHeartbeat();
  const id = await stage.connect();
  const forget = await stage.remember();
  await stage.refresh(id);
  await forget();
  await heartbeat.start();
  expect((await stage.held(id)).tokens.generation).toBe(2);
  expect(stage.observer.of("database.changed")).toEqual([]);
  expect(beats.said).toHaveLength(2);
  await heartbeat.stop();
});
