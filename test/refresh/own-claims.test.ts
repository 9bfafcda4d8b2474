import { expect, test } from "vitest";
import { SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage } from "../stage/engine-stage.ts";
import { createGate } from "../stage/gate.ts";
import { waitsFor } from "../stage/plays.ts";

test("a claim that was granted without our hearing of it is taken up within a second or two, not after its lease", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  const { generation } = (await stage.held(id)).tokens;
  const { instanceId } = stage.ports;
  const request = {
    connectionId: id,
    generation,
    owner: instanceId,
    leaseMs: 60_000,
    replayableMs: 0,
    gone: null,
  };
  expect(await stage.connections.claim(request)).toMatchObject({ kind: "claimed" });
  stage.sweep.start();
  await stage.clock.advance(2 * SECOND);
  expect((await stage.held(id)).tokens.generation).toBe(generation + 1);
  await stage.clock.advance(30 * SECOND);
  expect(stage.server.requests).toHaveLength(1);
});

test("what is ours and being refreshed is left to that", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  const gate = createGate();
  stage.server.script(waitsFor(gate));
  const refreshed = stage.refresh(id);
  stage.sweep.start();
  await stage.clock.advance(10 * SECOND);
  gate.open();
  expect(await refreshed).toEqual({ kind: "renewed" });
  await stage.clock.advance(10 * SECOND);
  expect(stage.server.requests).toHaveLength(1);
});
