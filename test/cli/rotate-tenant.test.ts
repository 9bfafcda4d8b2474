import { expect, it, test } from "vitest";
import { describeRekey } from "../../src/cli/keys/key-status.ts";
import { openStage } from "../stage/stage.ts";
import { evergrant } from "./evergrant.ts";
import { clientEnvironment } from "./stage-environment.ts";

const REKEY = {
  version: 2,
  values_done: 500,
  values_total: 2000,
  started_at: "2026-01-01T00:00:00.000Z",
  finished_at: null,
  values_per_second: 100,
  seconds_left: 75,
};

test("a rekey is told by a bar, its speed, and the time that is left", () => {
  const bar = "rekey to version 2: [######..................] 500 of 2000 values";
  expect(describeRekey(REKEY)).toBe(`${bar}, 100 a second, 1 min left`);
  expect(describeRekey({ ...REKEY, values_per_second: 0, seconds_left: null })).toBe(`${bar}, 0 a second`);
  expect(describeRekey({ ...REKEY, values_per_second: null, seconds_left: null })).toBe(bar);
  const finished = { ...REKEY, values_done: 2000, finished_at: new Date().toISOString() };
  expect(describeRekey(finished)).toBe("rekey to version 2: 2000 values, finished now");
});

it("shows how far it is until everything is sealed with the new version", { timeout: 60_000 }, async () => {
  const stage = await openStage();
  await stage.connect();
  const command = evergrant(["keys", "rotate-tenant", "--wait"], clientEnvironment(stage));
  const rekey = async () => (await stage.api("GET", "/v1/keys/tenants/default/rekey")).status;
  await expect.poll(rekey, { timeout: 50_000 }).toBe(200);
  await stage.clock.advance(10_000);
  const { code, stdout, stderr } = await command;
  expect([code, stderr.split("\n")[0]]).toEqual([0, "rekey to version 2: [........................] 0 of 3 values"]);
  expect(stdout).toMatch(/^default 1 +opens +0 values/m);
  expect(stdout).toMatch(/^default 2 +seals +3 values/m);
});
