import { describe, expect, test } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { answers } from "../stage/plays.ts";

/** So many connections that are due at a server with this pace; a sweep that goes in circles is found out instead of waited for. */
async function openDue(count: number, pace: { per_second: number; concurrent: number }): Promise<EngineStage> {
  const stage = await openEngineStage();
  const provider = await stage.catalogue.find("provider");
  if (!provider) throw new Error("The stage has no provider.");
  await stage.catalogue.put({ ...provider, pace });
  await Promise.all(Array.from({ length: count }, () => stage.connect()));
  await stage.clock.leap(HOUR);
  const look = () => {
    if (stage.store.calls("claimDue") > 5000) throw new Error("The sweep goes in circles.");
  };
  for (let call = 0; call < 6000; call++) stage.store.before("claimDue", look);
  return stage;
}

describe("a sweep that its pace holds back", () => {
  test.each([0.1, 0.3, 0.6, 1, 3, 10])("claims what it can send: at %d a second", async (perSecond) => {
    const stage = await openDue(100, { per_second: perSecond, concurrent: 3 });
    stage.sweep.start();
    await stage.clock.advance(20 * SECOND);
    expect(stage.store.calls("claimDue")).toBeLessThan(200);
    expect(stage.server.requests.length).toBeGreaterThanOrEqual(Math.min(100, Math.floor(20 * perSecond)));
  });

  test("does not claim and give back in circles before the end of a wait that the server named", async () => {
    const stage = await openDue(10, { per_second: 5, concurrent: 1 });
    stage.server.script(answers(429, "", 5 * MINUTE));
    stage.sweep.start();
    await stage.clock.advance(5 * MINUTE - SECOND);
    expect(stage.server.requests).toHaveLength(1);
    expect(stage.store.calls("claimDue")).toBeLessThan(600);
    await stage.clock.advance(MINUTE);
    expect(stage.server.requests).toHaveLength(11);
    expect(stage.store.calls("claimDue")).toBeLessThan(900);
  });
});
