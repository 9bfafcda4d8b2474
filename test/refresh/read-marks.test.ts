import { expect, test } from "vitest";
import { createReadMarks } from "../../src/refresh/read-marks.ts";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { storeIsDown } from "../stage/faulty-connection-store.ts";

/** The marks of a stage, and what was written of them, a call each. */
function openMarks(stage: EngineStage) {
  const written: (readonly string[])[] = [];
  let failures = 0;
  const markRead = async (ids: readonly string[]): Promise<void> => {
    if (failures-- > 0) throw storeIsDown();
    written.push(ids);
  };
  const marks = createReadMarks({ ...stage.ports, connections: { ...stage.ports.connections, markRead } });
  return { marks, written, fail: (times: number) => void (failures = times) };
}

test("reads are written down together, each connection once", async () => {
  const { marks, written } = openMarks(await openEngineStage());
  for (const id of ["con_a", "con_b", "con_a"]) marks.note({ id, lastReadAt: null });
  await marks.flush();
  expect(written).toEqual([["con_a", "con_b"]]);
  await marks.flush();
  expect(written).toHaveLength(1);
});

test("a connection that was marked within the hour is not marked again", async () => {
  const stage = await openEngineStage();
  const { marks, written } = openMarks(stage);
  const now = stage.clock.now();
  marks.note({ id: "con_young", lastReadAt: now - HOUR + 1 });
  marks.note({ id: "con_old", lastReadAt: now - HOUR });
  await marks.flush();
  expect(written).toEqual([["con_old"]]);
});

test("many are written a few hundred at a time, and what is too many is left to the next read", async () => {
  const { marks, written } = openMarks(await openEngineStage());
  for (let i = 0; i < 10_050; i++) marks.note({ id: `con_${i}`, lastReadAt: null });
  await marks.flush();
  expect(written.map(({ length }) => length)).toEqual(Array(20).fill(500));
});

test("a store that is down is no trouble for who reads; the marks that were waiting come later", async () => {
  const stage = await openEngineStage();
  const { marks, written, fail } = openMarks(stage);
  for (let i = 0; i < 700; i++) marks.note({ id: `con_${i}`, lastReadAt: null });
  fail(1);
  await expect(marks.flush()).resolves.toBeUndefined();
  expect(written).toEqual([]);
  await marks.flush();
  expect(written.map(({ length }) => length)).toEqual([200]);
  expect(stage.observer.of("sweep.failed")).toEqual([{ code: "store_unavailable" }]);
});

test("a thousand reads in an hour cost one write, and the next hour another", async () => {
  const stage = await openEngineStage({ server: { lifetimeSeconds: 30 * 3600 } });
  const id = await stage.connect();
  stage.sweep.start();
  for (let read = 0; read < 300; read++) {
    await stage.read(id);
    await stage.clock.advance(10 * SECOND);
  }
  expect(stage.store.calls("markRead")).toBe(1);
  const first = (await stage.held(id)).connection.lastReadAt;
  await stage.clock.leap(20 * MINUTE);
  await stage.read(id);
  await stage.clock.advance(SECOND);
  expect(stage.store.calls("markRead")).toBe(2);
  expect((await stage.held(id)).connection.lastReadAt).toBeGreaterThan((first ?? 0) + HOUR);
});

test("what was noted last is written before the sweep ends", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  stage.sweep.start();
  await stage.clock.advance(0);
  await stage.read(id);
  await stage.sweep.stop();
  expect((await stage.held(id)).connection.lastReadAt).toBe(stage.clock.now());
});
