import { expect, test } from "vitest";
import { HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { builtInEntry } from "../stage/catalogue-entry.ts";
import { openEngineStage, openInstances } from "../stage/engine-stage.ts";
import { answers, takes } from "../stage/plays.ts";

/** Lifetimes as servers write them, and what they mean. */
const LIFETIMES: readonly [expiresIn: unknown, milliseconds: number][] = [
  ["60", MINUTE],
  ["3600", HOUR],
  [3600, HOUR],
  [3600.5, HOUR],
  ["3600.0", HOUR],
];

test("expires-in-as-string: a lifetime as text or with decimals counts in seconds from the request, and is refreshed in time", async () => {
  for (const [expiresIn, life] of LIFETIMES) {
    const stage = await openEngineStage();
    const id = await stage.connect();
    const body = { access_token: "a", refresh_token: "r", expires_in: expiresIn };
    stage.server.always(takes(stage.clock, 5 * SECOND, answers(200, body)));
    const sentAt = stage.clock.now();
    await stage.passing(6 * SECOND, stage.refresh(id));
    expect([expiresIn, (await stage.held(id)).tokens.expiresAt]).toEqual([expiresIn, sentAt + life]);
    await stage.clock.leap(life - 6 * SECOND);
    const read = await stage.passing(6 * SECOND, stage.read(id));
    expect(read).toMatchObject({ generation: 3, expiresAt: sentAt + 2 * life });
  }
});

test("expires-in-zero-stored-as-never: a token that is over when it comes is not taken for an endless one, nor fetched in a loop", async () => {
  const stage = await openEngineStage();
  const id = await stage.connect();
  await stage.clock.leap(HOUR);
  stage.server.always(answers(200, '{"access_token":"a","refresh_token":"r","expires_in":0}'));
  const receivedAt = stage.clock.now();
  for (let call = 0; call < 10; call++) {
    await expect(stage.read(id)).rejects.toMatchObject({
      code: "provider_unavailable",
      facts: { reason: "provider_response_unrecognised", retryAfterMs: expect.any(Number) },
    });
    await stage.clock.leap(100);
  }
  expect(stage.server.requests).toHaveLength(1);
  expect((await stage.held(id)).tokens).toMatchObject({ generation: 2, expiresAt: receivedAt });
  // It is asked for by itself, with a floor, and the first real lifetime ends the trouble.
  stage.sweep.start();
  await stage.clock.advance(2 * MINUTE);
  expect(stage.server.requests.length).toBeGreaterThanOrEqual(2);
  expect(stage.server.requests.length).toBeLessThanOrEqual(3);
  stage.server.always(answers(200, '{"access_token":"b","refresh_token":"r","expires_in":3600}'));
  await stage.clock.advance(MINUTE);
  await expect(stage.read(id)).resolves.toMatchObject({ refreshState: "ok" });
});

test("nan-ttl-caches-token-permanently: without expires_in the provider's usual lifetime holds, and memory trusts no token for long", async () => {
  const stage = await openEngineStage({ entry: builtInEntry("microsoft"), server: { rotation: false } });
  const id = await stage.connect();
  stage.server.always(answers(200, '{"access_token":"a","token_type":"Bearer"}'));
  await stage.clock.leap(HOUR);
  const expiresAt = stage.clock.now() + HOUR;
  await expect(stage.read(id)).resolves.toMatchObject({ generation: 2, expiresAt });
  stage.sweep.start();
  await stage.clock.leap(51 * MINUTE);
  await stage.clock.advance(2 * SECOND);
  expect(stage.server.requests).toHaveLength(2);

  // Where nobody knows a lifetime at all, what one instance remembers still gives way to what another has stored.
  const plain = await openInstances();
  const endless = await plain.connect({ expiresIn: null });
  await expect(plain.b.read(endless)).resolves.toMatchObject({ generation: 1, expiresAt: null });
  await plain.a.refresh(endless);
  await plain.clock.advance(5 * SECOND);
  await expect(plain.b.read(endless)).resolves.toMatchObject({ generation: 2 });
});
