import { expect, test } from "vitest";
import type { Rekey } from "../../src/access/rekey-store.ts";
import { rekeyView } from "../../src/api/rekey-view.ts";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";

const REKEY: Rekey = {
  tenantId: "ten_1",
  version: 2,
  place: { table: "token_sets", after: "con_1" },
  done: 500,
  total: 2000,
  startedAt: 0,
  finishedAt: null,
  atWork: { owner: "ins_b", forMs: 4 * SECOND, doneBefore: 100 },
};

test("the speed is that of the instance at work, since it took the rekey up", () => {
  expect(rekeyView(REKEY)).toMatchObject({ values_done: 500, values_per_second: 100, seconds_left: 15 });
});

test("nothing is said of a speed that nobody has, or that is not known yet, nor of the time left of a standstill", () => {
  expect(rekeyView({ ...REKEY, atWork: null })).toMatchObject({ values_per_second: null, seconds_left: null });
  const begun = { owner: "ins_b", forMs: SECOND, doneBefore: 0 };
  expect(rekeyView({ ...REKEY, atWork: begun })).toMatchObject({ values_per_second: null, seconds_left: null });
  const still = { owner: "ins_b", forMs: MINUTE, doneBefore: 500 };
  expect(rekeyView({ ...REKEY, atWork: still })).toMatchObject({ values_per_second: 0, seconds_left: null });
});

test("more than was expected leaves no time", () => {
  expect(rekeyView({ ...REKEY, done: 2100 })).toMatchObject({ seconds_left: 0 });
});
