import { describe, expect, test } from "vitest";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage, openInstances, type EngineStage } from "../stage/engine-stage.ts";
import { answers } from "../stage/plays.ts";

/** A stage on which the store goes down right before the commit, for so many attempts. */
async function storeGoesDown(failures: number): Promise<{ stage: EngineStage; id: string }> {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const id = await stage.connect();
  stage.store.fail("commit", failures);
  return { stage, id };
}

describe("a token set that the journal has and the store does not take", () => {
  test("is given to readers, who wait for nothing more", async () => {
    const { stage, id } = await storeGoesDown(5);
    await stage.clock.advance(HOUR);
    const token = await stage.passing(0, stage.read(id));
    expect(token).toMatchObject({ generation: 2, refreshState: "ok" });
    expect(token.accessToken.reveal()).toBe("access-1-2");
    expect((await stage.tokensOf(id)).generation).toBe(1);
  });

  test("replaces in memory what was read before", async () => {
    const { stage, id } = await storeGoesDown(5);
    expect((await stage.read(id)).generation).toBe(1);
    await stage.passing(0, stage.refresh(id));
    expect((await stage.read(id)).generation).toBe(2);
  });

  test("ends the wait of everybody who shares the refresh, and of those who ask later", async () => {
    const { stage, id } = await storeGoesDown(5);
    const waiting = Promise.all([stage.refresh(id), stage.refresh(id, { origin: "manual" })]);
    await expect(stage.passing(0, waiting)).resolves.toEqual([{ kind: "renewed" }, { kind: "renewed" }]);
    await expect(stage.passing(0, stage.refresh(id, { generation: 1 }))).resolves.toEqual({ kind: "renewed" });
    expect((await stage.tokensOf(id)).generation).toBe(1);
    expect(stage.server.requests).toHaveLength(1);
  });

  test("is all that a reader needs while no statement reaches the database", async () => {
    const { stage, id } = await storeGoesDown(0);
    stage.server.script((act) => {
      stage.link.state = "down";
      return act();
    });
    await stage.passing(0, stage.refresh(id));
    for (let second = 0; second < 30; second++) {
      await expect(stage.read(id)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
      await stage.clock.advance(SECOND);
    }
    stage.link.state = "up";
    await stage.clock.advance(5 * SECOND);
    expect(await stage.tokensOf(id)).toMatchObject({ generation: 2, refreshToken: "refresh-1-2" });
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 2 });
  });

  test("ends the failing of the token before it", async () => {
    const { stage, id } = await storeGoesDown(5);
    stage.server.script(answers(503, ""));
    await stage.refresh(id);
    await stage.clock.advance(10 * SECOND);
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 1, refreshState: "failing" });
    await stage.passing(0, stage.refresh(id));
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
  });

  test("is shown with the life and the due time that it will be stored with", async () => {
    const { stage, id } = await storeGoesDown(3);
    await stage.passing(0, stage.refresh(id));
    const snapshot = stage.refresher.unstored(id);
    await stage.clock.advance(SECOND);
    const { tokens, lease } = await stage.held(id);
    expect(snapshot?.tokens).toEqual(tokens);
    expect(snapshot?.lease).toMatchObject({ dueAt: lease.dueAt, failures: 0, backoffUntil: 0, cause: null });
    expect(stage.refresher.unstored(id)).toBeNull();
  });

  test("whose access token has run out is not handed out, and nothing else is sent until it is stored", async () => {
    const { stage, id } = await storeGoesDown(1000);
    await stage.passing(0, stage.refresh(id));
    await stage.clock.advance(HOUR);
    await expect(stage.passing(15 * SECOND, stage.read(id))).rejects.toMatchObject({ code: "refresh_timeout" });
    expect(stage.server.requests).toHaveLength(1);
    await stage.clock.advance(HOUR);
    await expect(stage.passing(SECOND, stage.read(id))).resolves.toMatchObject({ generation: 3 });
    expect(stage.server.reuses()).toBe(0);
  });

  test("is not sent again by the sweep, however long the store is down", async () => {
    const { stage, id } = await storeGoesDown(200);
    await stage.clock.advance(51 * MINUTE);
    stage.sweep.start();
    await stage.clock.advance(10 * MINUTE);
    expect(stage.server.requests).toHaveLength(1);
    await stage.clock.advance(10 * MINUTE);
    expect((await stage.held(id)).tokens.generation).toBe(2);
    expect(stage.server.requests).toHaveLength(1);
  });
});

test("while the store is down after an answer, other connections are not claimed either, and nothing of theirs is sent", async () => {
  const stage = await openEngineStage();
  const [first, second] = [await stage.connect(), await stage.connect()];
  stage.server.script((act) => {
    stage.link.state = "down";
    return act();
  });
  await stage.passing(0, stage.refresh(first));
  await expect(stage.refresh(second)).rejects.toMatchObject({ code: "store_unavailable" });
  expect(stage.server.requests).toHaveLength(1);
});

test("a token set is the same for its readers on another instance once it is stored, and not before", async () => {
  const { a, b, ...stage } = await openInstances();
  const id = await stage.connect();
  a.store.fail("commit", 8);
  await stage.passing(0, a.refresh(id));
  await expect(b.read(id)).resolves.toMatchObject({ generation: 1 });
  await stage.clock.advance(20 * SECOND);
  await expect(b.read(id)).resolves.toMatchObject({ generation: 2 });
  expect(stage.server.requests).toHaveLength(1);
});

test("an answer without a new refresh token is shown to nobody before it is stored", async () => {
  const stage = await openEngineStage({ server: { rotation: false, lifetimeSeconds: DAY / SECOND } });
  const id = await stage.connect();
  stage.store.fail("commit", 3);
  const refresh = stage.refresh(id);
  await stage.clock.advance(0);
  await expect(stage.read(id)).resolves.toMatchObject({ generation: 1 });
  expect(stage.refresher.unstored(id)).toBeNull();
  await stage.passing(SECOND, refresh);
  await expect(stage.read(id)).resolves.toMatchObject({ generation: 2 });
});
