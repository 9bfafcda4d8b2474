import { expect, test } from "vitest";
import { createSetbacks } from "../../src/refresh/setbacks.ts";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openInstances } from "../stage/engine-stage.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { answers } from "../stage/plays.ts";

const CAUSE = "provider_unavailable";

test("a setback is known until its time is over, for the generation that it is about", async () => {
  const clock = createManualClock();
  const setbacks = createSetbacks(clock);
  setbacks.note("con_1", { generation: 2, cause: CAUSE, waitMs: MINUTE });
  await clock.advance(MINUTE - 1);
  expect(setbacks.find("con_1", 2)).toEqual({ cause: CAUSE, leftMs: 1 });
  expect(setbacks.find("con_2", 2)).toBeNull();
  await clock.advance(1);
  expect(setbacks.find("con_1", 2)).toBeNull();
  setbacks.note("con_1", { generation: 2, cause: CAUSE, waitMs: MINUTE });
  expect(setbacks.find("con_1", 3)).toBeNull();
});

test("of more than ten thousand the oldest is forgotten", () => {
  const setbacks = createSetbacks(createManualClock());
  for (let n = 0; n <= 10_000; n++) setbacks.note(`con_${n}`, { generation: 1, cause: CAUSE, waitMs: MINUTE });
  expect([0, 1, 10_000].map((n) => setbacks.find(`con_${n}`, 1) === null)).toEqual([true, false, false]);
});

test("a database that came back without knowing that an answer was lost does not have the token sent again too soon", async () => {
  const { a, ...stage } = await openInstances({ server: { reuse: "punished" } });
  const id = await stage.connect();
  const forget = await stage.remember();
  stage.server.script(answers(504, ""));
  await expect(stage.passing(SECOND, a.refresh(id))).resolves.toMatchObject({ kind: "retry_later" });
  await forget();
  stage.failOver();
  await stage.clock.advance(20 * SECOND);
  await expect(stage.passing(SECOND, a.refresh(id))).resolves.toMatchObject({ kind: "retry_later", cause: CAUSE });
  expect(stage.server.requests).toHaveLength(1);
  await stage.clock.advance(MINUTE);
  await stage.passing(5 * SECOND, a.refresh(id));
  expect(stage.server.requests).toHaveLength(2);
});
