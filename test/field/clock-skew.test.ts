import { expect, test } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage } from "../stage/engine-stage.ts";
import { adds, answers, type Play } from "../stage/plays.ts";
import { expectHealthy, expectNoReuse } from "./outcome.ts";

interface Statement {
  /** What a provider says of the time, by its own clock, beside an `expires_in` of an hour. */
  says: (now: number) => Play;
  /** How far that clock is ahead. */
  ahead: number[];
}

const ANY = [-3 * HOUR, -20 * MINUTE, 3 * HOUR];

const STATEMENTS: Record<string, Statement> = {
  "a Date header": { says: (now) => adds({}, { date: new Date(now).toUTCString() }), ahead: ANY },
  // Without more, nothing tells that an end within the hour is wrong.
  "a time of expiry": { says: (now) => adds({ expires_at: seconds(now + HOUR) }), ahead: [-3 * HOUR, 3 * HOUR] },
  both: {
    says: (now) => adds({ expires_at: seconds(now + HOUR) }, { date: new Date(now).toUTCString() }),
    ahead: ANY,
  },
  "a JWT": {
    says: (now) => adds({ access_token: jwt({ iat: seconds(now), exp: seconds(now + HOUR) }) }),
    ahead: ANY,
  },
};

function seconds(time: number): number {
  return Math.floor(time / SECOND);
}

function jwt(claims: object): string {
  const parts = [{ alg: "none" }, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"));
  return [...parts, "signature"].join(".");
}

test("clock-skew-applied-in-wrong-direction: a lifetime counts from our request whatever time the provider has, and a margin only shortens it", async () => {
  for (const [statement, { says, ahead: offsets }] of Object.entries(STATEMENTS)) {
    for (const ahead of offsets) {
      const stage = await openEngineStage({ server: { reuse: "punished" } });
      const id = await stage.connect();
      stage.server.always((act) => says(stage.clock.now() + ahead)(act));
      await stage.clock.leap(HOUR);
      const expiresAt = stage.clock.now() + HOUR;
      for (let minute = 0; minute < 40; minute++) {
        expect(await stage.read(id)).toMatchObject({ generation: 2, expiresAt, refreshState: "ok" });
        await stage.clock.leap(MINUTE);
      }
      expect([statement, stage.server.requests.length]).toEqual([statement, 1]);
      // Half a minute before its end it is no longer given to anybody who needs a minute.
      await stage.clock.leap(20 * MINUTE - 30 * SECOND);
      await expect(stage.read(id)).resolves.toMatchObject({ generation: 3, expiresAt: stage.clock.now() + HOUR });
      expectNoReuse(stage.server);
    }
  }
});

// A machine that slept: hours have gone by, and no timer has seen them.
test("cloud-sleep-monotonic-timer-never-fires: what is due by the wall clock is refreshed within seconds, forward or back", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  stage.sweep.start();
  const asleep = await stage.connect();
  await stage.clock.advance(SECOND);
  expect(stage.server.requests).toHaveLength(0);
  stage.clock.jump(2 * HOUR);
  await stage.clock.advance(2 * SECOND);
  expect(stage.server.requests).toHaveLength(1);
  await expectHealthy(stage, asleep);

  stage.clock.jump(-2 * HOUR);
  const since = await stage.connect();
  await stage.clock.leap(51 * MINUTE);
  await stage.clock.advance(2 * SECOND);
  expect((await stage.held(since)).tokens.generation).toBe(2);
  await expectHealthy(stage, since);
  await stage.clock.leap(2 * HOUR);
  await stage.clock.advance(2 * SECOND);
  expect((await stage.held(asleep)).tokens.generation).toBe(3);
  await expectHealthy(stage, asleep);

  // Whoever reads does not depend on any timer, nor on what memory holds.
  const alone = await openEngineStage({ server: { reuse: "punished" } });
  const id = await alone.connect();
  await expect(alone.read(id)).resolves.toMatchObject({ generation: 1 });
  alone.clock.jump(2 * HOUR);
  await expect(alone.read(id)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
});

test("server-epoch-compared-with-local-clock: a time of expiry that seems past leads to no refresh, and a 429 to a wait", async () => {
  const stage = await openEngineStage({ server: { reuse: "punished" } });
  const id = await stage.connect();
  stage.server.always((act) => adds({ expires_at: seconds(stage.clock.now() - 2 * HOUR) })(act));
  await stage.clock.leap(HOUR);
  for (let call = 0; call < 100; call++) {
    await expect(stage.read(id)).resolves.toMatchObject({ generation: 2, refreshState: "ok" });
    await stage.clock.leap(600);
  }
  expect(stage.server.requests).toHaveLength(1);

  await stage.clock.leap(HOUR);
  stage.server.always(answers(429, "", 5 * MINUTE));
  for (let call = 0; call < 100; call++) {
    await expect(stage.read(id)).rejects.toMatchObject({ code: "provider_unavailable" });
    await stage.clock.leap(600);
  }
  expect(stage.server.requests).toHaveLength(2);
  expect((await stage.held(id)).connection.status).toBe("active");
});
