import { describe, expect, test, vi } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { expectUntouched, replaceSecret, takesOnly } from "../field/refused-client.ts";
import { openEngineStage, type EngineStage } from "../stage/engine-stage.ts";
import { answer, answers, fails, type Play } from "../stage/plays.ts";

// They are short, but the machine may be busy.
vi.setConfig({ testTimeout: 120_000 });

const CONNECTIONS = 500;

/** Connections of one client, all of which are due, and a sweep. */
async function openFleet() {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const ids = await Promise.all(Array.from({ length: CONNECTIONS }, () => stage.connect()));
  await stage.clock.leap(HOUR);
  return { stage, ids };
}

async function expectAllWell(stage: EngineStage, ids: readonly string[]): Promise<void> {
  const held = await Promise.all(ids.map((id) => stage.held(id)));
  const unwell = held.filter(({ connection, tokens }) => connection.status !== "active" || tokens.generation < 2);
  expect(unwell.map(({ connection }) => [connection.id, connection.status])).toEqual([]);
  expect(stage.observer.of("connection.reauthorization_required")).toEqual([]);
  expect(stage.server.reuses()).toBe(0);
}

test("a secret that is wrong for an hour pauses its client, says so once, and heals within a minute of the right one", async () => {
  const { stage, ids } = await openFleet();
  takesOnly(stage.server, "the right secret", answer(401, { error: "invalid_client" }));
  stage.sweep.start();
  for (let minute = 0; minute < 60; minute++) await stage.clock.advance(MINUTE);
  await expectUntouched(stage, ids, "client_secret_rejected");
  expect(stage.server.requests.length).toBeLessThan(CONNECTIONS);
  await replaceSecret(stage, "the right secret");
  await stage.clock.advance(MINUTE);
  await expectAllWell(stage, ids);
});

const TROUBLES: [string, Play][] = [
  ["an outage", answers(503, "")],
  ["an outage that speaks of invalid_grant", answers(503, { error: "invalid_grant" })],
  ["a proxy's page", answers(403, "<html><title>Access denied</title></html>")],
  ["a proxy's page that says it is fine", answers(407, "<html>Sign in to the network</html>")],
  ["names that do not resolve", fails("dns", { sent: false })],
];

describe("ten minutes of trouble", () => {
  test.each(TROUBLES)(
    "%s: harms no connection, and all of them work within six minutes of its end",
    async (_, play) => {
      const { stage, ids } = await openFleet();
      stage.server.always(play);
      stage.sweep.start();
      await stage.clock.advance(10 * MINUTE);
      expect(stage.observer.of("connection.reauthorization_required")).toEqual([]);
      expect(stage.observer.of("client.suspended")).toEqual([]);
      stage.server.always(null);
      await stage.clock.advance(6 * MINUTE);
      await expectAllWell(stage, ids);
    },
  );
});

test.each([-10, 10])(
  "a clock that is wrong by %d minutes harms no connection, and nobody is told of it",
  async (minutes) => {
    const { stage, ids } = await openFleet();
    stage.wall.aheadMs = minutes * MINUTE;
    stage.sweep.start();
    await stage.clock.advance(11 * MINUTE);
    await expectAllWell(stage, ids);
    expect(stage.observer.of("connection.degraded")).toEqual([]);
    const [id = ""] = ids;
    const token = await stage.passing(15 * SECOND, stage.read(id));
    expect(stage.server.acceptsAccess(token.accessToken.reveal())).toBe(true);
  },
);
