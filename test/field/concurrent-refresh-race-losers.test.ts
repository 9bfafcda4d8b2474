import { expect, test } from "vitest";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openInstances } from "../stage/engine-stage.ts";
import { createGate } from "../stage/gate.ts";
import { rejectsWith, takes, waitsFor } from "../stage/plays.ts";
import { expectHealthy, sentTo } from "./outcome.ts";

const INVALID_GRANT = { error: "invalid_grant" };

// One process gets its answer first and writes last; two later generations are stored by then.
test("late-response-overwrites-newer-cookie: what was received earlier and stored later does not replace the newer token", async () => {
  const { a, b, ...stage } = await openInstances({ server: { reuse: { windowMs: 10 * MINUTE } } });
  const id = await stage.connect();
  const gate = createGate();
  a.store.hold("commit", gate);
  const slow = a.refresh(id);
  await stage.clock.advance(0);
  a.link.state = "down";
  await stage.clock.advance(12 * SECOND);
  await b.refresh(id);
  await b.refresh(id);
  a.link.state = "up";
  gate.open();
  await stage.passing(SECOND, slow);
  expect(a.observer.of("refresh.superseded")).toHaveLength(1);
  expect(await stage.tokensOf(id)).toEqual({ generation: 3, accessToken: "access-1-4", refreshToken: "refresh-1-3" });
  await stage.passing(2 * SECOND, a.refresh(id));
  expect(sentTo(stage.server)).toEqual(["refresh-1-1", "refresh-1-1", "refresh-1-2", "refresh-1-3"]);
  await expectHealthy(stage, id);
});

// The provider forgives less than its entry says, so the second of two sends of one token is rejected.
test("losing-cli-process-deletes-fresh-token: whoever is refused for the old token adopts what another has stored", async () => {
  const { a, b, ...stage } = await openInstances({ server: { reuse: { windowMs: MINUTE } } });
  stage.server.behaviour.reuse = "none";
  const id = await stage.connect();
  const gate = createGate();
  stage.server.script(waitsFor(gate, rejectsWith(400, INVALID_GRANT)));
  const losing = b.refresh(id);
  await stage.clock.advance(0);
  b.link.state = "down";
  await stage.clock.advance(12 * SECOND);
  await expect(a.refresh(id)).resolves.toEqual({ kind: "renewed" });
  b.link.state = "up";
  gate.open();
  await expect(stage.passing(5 * SECOND, losing)).resolves.toEqual({ kind: "renewed" });
  expect(sentTo(stage.server)).toEqual(["refresh-1-1", "refresh-1-1"]);
  expect(stage.server.reuses()).toBe(1);
  expect(await stage.tokensOf(id)).toEqual({ generation: 2, accessToken: "access-1-2", refreshToken: "refresh-1-2" });
  await expect(b.read(id)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
  await expectHealthy(stage, id);
});

// The rejection is decided before the winner has stored its token, and heard after.
test("race-loser-marks-credential-dead-over-winner: a status is not changed over a token that was stored meanwhile", async () => {
  const { a, b, ...stage } = await openInstances({ server: { reuse: "none" } });
  const id = await stage.connect();
  const gate = createGate();
  a.store.hold("commit", gate);
  const winner = a.refresh(id);
  await stage.clock.advance(0);
  a.link.state = "down";
  await stage.clock.advance(2 * MINUTE);
  stage.server.script(takes(stage.clock, 2 * SECOND, rejectsWith(400, INVALID_GRANT)));
  // It is as late as can be: the loser is about to write its verdict.
  b.store.before("reject", async () => {
    a.link.state = "up";
    gate.open();
    await winner;
  });
  await expect(stage.passing(6 * SECOND, b.refresh(id))).resolves.toEqual({ kind: "renewed" });
  expect(b.store.calls("reject")).toBe(1);
  expect(b.observer.of("connection.reauthorization_required")).toEqual([]);
  expect(await stage.historyOf(id)).toEqual(["connected", "refreshed"]);
  expect(await stage.tokensOf(id)).toMatchObject({ generation: 2, refreshToken: "refresh-1-2" });
  await expect(b.read(id)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
  await expectHealthy(stage, id);
});
