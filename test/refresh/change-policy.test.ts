import { describe, expect, test } from "vitest";
import { changePolicy } from "../../src/refresh/change-policy.ts";
import { DAY, HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { openEngineStage } from "../stage/engine-stage.ts";

describe("a changed policy", () => {
  test("to on_demand lets the access token run out, and keeps the refresh token from lapsing", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await changePolicy(stage.ports, id, "on_demand");
    const { connection, lease } = await stage.held(id);
    expect(connection.policy).toBe("on_demand");
    expect(lease.dueAt).toBe(stage.clock.now() + 2 * DAY);
  });

  test("to eager is due again ahead of the expiry, however long nobody has read", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await changePolicy(stage.ports, id, "on_demand");
    await changePolicy(stage.ports, id, "eager");
    const { lease } = await stage.held(id);
    expect(lease.dueAt).toBeGreaterThanOrEqual(stage.clock.now() + HOUR - 16 * MINUTE);
    expect(lease.dueAt).toBeLessThanOrEqual(stage.clock.now() + HOUR - 10 * MINUTE);
  });

  test("makes nothing due of a connection that is over", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect();
    await stage.store.disconnect(id, { kind: "disconnected", generation: 1, detail: {} });
    await changePolicy(stage.ports, id, "eager");
    expect((await stage.held(id)).lease.dueAt).toBeNull();
  });

  test("makes nothing due where there is no refresh token to keep", async () => {
    const stage = await openEngineStage();
    const id = await stage.connect({ withoutRefreshToken: true });
    const before = (await stage.held(id)).lease.dueAt;
    await changePolicy(stage.ports, id, "on_demand");
    expect((await stage.held(id)).lease.dueAt).toBe(before);
  });

  test("of no connection is not_found", async () => {
    const stage = await openEngineStage();
    await expect(changePolicy(stage.ports, "con_none", "eager")).rejects.toMatchObject({ code: "not_found" });
  });
});
