import { expect, test } from "vitest";
import { MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openInstances } from "../stage/engine-stage.ts";
import { createGate } from "../stage/gate.ts";
import { answers } from "../stage/plays.ts";
import { race, successor } from "./race.ts";

const REJECTED = answers(400, { error: "invalid_grant" });
/** A refresh token stays as it is. */
const RENEWED = answers(200, { access_token: "access-renewed", expires_in: 3600 });

test("an answer that its owner journaled too late to be seen by a refused claim is found before anything is sent", async () => {
  const { a, b, ...stage } = await openInstances({ server: { reuse: "punished" }, sameHost: true });
  const id = await stage.connect();
  const gate = createGate();
  a.journal.hold(gate);
  void a.refresh(id);
  await stage.clock.advance(0);
  a.link.state = "down";
  await stage.clock.advance(2 * MINUTE);
  gate.open();
  await stage.clock.advance(0);
  await expect(stage.passing(SECOND, b.refresh(id, { generation: 1 }))).resolves.toEqual({ kind: "renewed" });
  expect(stage.server.requests).toHaveLength(1);
  expect(await stage.tokensOf(id)).toMatchObject({ generation: 2, refreshToken: "refresh-1-2" });
});

test("in a database that came back without knowing that a token was sent, journals are looked into before it is", async () => {
  const { a, b, ...stage } = await openInstances({ server: { reuse: "punished" }, sameHost: true });
  const id = await stage.connect();
  const gate = createGate();
  a.journal.hold(gate);
  const forget = await stage.remember();
  void a.refresh(id);
  await stage.clock.advance(0);
  a.link.state = "down";
  await forget();
  stage.failOver();
  await stage.clock.advance(20 * SECOND);
  gate.open();
  await stage.clock.advance(0);
  await expect(stage.passing(SECOND, b.refresh(id))).resolves.toEqual({ kind: "renewed" });
  expect(stage.server.requests).toHaveLength(1);
  expect(await stage.tokensOf(id)).toMatchObject({ generation: 2, refreshToken: "refresh-1-2" });
});

test("a token that arrives after its connection was ended heals it, and what was rejected is not sent again", async () => {
  const { b, id, late, first, ...stage } = await race(successor("late"), successor("early"));
  stage.server.script(REJECTED, REJECTED);
  await stage.passing(8 * SECOND, b.refresh(id));
  expect((await stage.held(id)).connection.status).toBe("reauthorization_required");
  late.open();
  await stage.passing(SECOND, first);
  expect((await stage.held(id)).connection.status).toBe("degraded");
  stage.server.script(successor("next"));
  b.sweep.start();
  await stage.clock.advance(5 * SECOND);
  const sent = stage.server.requests.map(({ refreshToken }) => refreshToken);
  expect(sent).toEqual(["refresh-1-1", "refresh-1-1", "refresh-early", "refresh-early", "refresh-late"]);
  expect((await stage.held(id)).connection).toMatchObject({ status: "active", diagnosis: null });
  expect(await stage.tokensOf(id)).toMatchObject({ refreshToken: "refresh-next" });
  expect(b.observer.of("connection.recovered")).toEqual([{ connectionId: id, was: "degraded" }]);
});

test("a new refresh token that came too late is used rather than the one that it replaced", async () => {
  const { b, id, late, first, ...stage } = await race(successor("late"), RENEWED);
  late.open();
  await stage.passing(SECOND, first);
  expect(await stage.tokensOf(id)).toMatchObject({ generation: 2, refreshToken: "refresh-1-1" });
  stage.server.script(successor("next"));
  await expect(stage.passing(SECOND, b.refresh(id))).resolves.toEqual({ kind: "renewed" });
  const sent = stage.server.requests.map(({ refreshToken }) => refreshToken);
  expect(sent).toEqual(["refresh-1-1", "refresh-1-1", "refresh-late"]);
  expect(await stage.tokensOf(id)).toMatchObject({ generation: 4, refreshToken: "refresh-next" });
});
