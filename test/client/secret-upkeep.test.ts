import { describe, expect, test } from "vitest";
import type { ClientSecret } from "../../src/client/client-secret.ts";
import { createSecretUpkeep } from "../../src/client/secret-upkeep.ts";
import { secretWarnings, warningOf } from "../../src/client/secret-warnings.ts";
import { DAY, MINUTE } from "../../src/runtime/clock.ts";
import { createCollectingObserver } from "../stage/collecting-observer.ts";
import { storeIsDown } from "../stage/faulty-connection-store.ts";
import { createManualClock } from "../stage/manual-clock.ts";
import { NEW_SECRET } from "../stage/new-secret.ts";

describe("the end of a secret", () => {
  test.each([
    [31 * DAY, null],
    [30 * DAY, 30],
    [7 * DAY + 1, 30],
    [7 * DAY, 7],
    [DAY, 1],
    [1, 1],
    [0, 0],
    [-DAY, 0],
  ])("that is %d ms ahead is warned of as %d days ahead", (ahead, days) => {
    expect(warningOf(1_000 + ahead, 1_000)).toBe(days);
  });

  test("is warned of once for each step, by one of several instances", async () => {
    const clock = createManualClock();
    const expiresAt = clock.now() + 40 * DAY;
    const observer = createCollectingObserver();
    let warned = Infinity;
    const clients = {
      eraseRetired: () => Promise.resolve([]),
      secretsEndingWithin: (milliseconds: number) =>
        Promise.resolve(expiresAt - clock.now() <= milliseconds ? [{ ...NEW_SECRET, expiresAt }] : []),
      markWarned: (_id: string, days: number) => {
        const isNew = days < warned;
        if (isNew) warned = days;
        return Promise.resolve(isNew);
      },
    };
    const instances = [1, 2].map(() => createSecretUpkeep({ clock, clients, observer }));
    for (const instance of instances) instance.start();
    for (let day = 0; day < 45; day++) await clock.leap(DAY);
    await Promise.all(instances.map((instance) => instance.stop()));
    expect(observer.of("client.secret_expiring")).toEqual(
      [30, 7, 1, 0].map((days) => ({ clientId: "cli_1", secretId: "sec_1", days, endsAt: expiresAt })),
    );
  });
});

test("what was erased is told, and a store that is away is asked again a minute later", async () => {
  const clock = createManualClock();
  const observer = createCollectingObserver();
  let rounds = 0;
  const clients = {
    eraseRetired: () => (rounds++ === 0 ? Promise.reject(storeIsDown()) : Promise.resolve([NEW_SECRET])),
    secretsEndingWithin: () => Promise.resolve([]),
    markWarned: () => Promise.resolve(false),
  };
  const upkeep = createSecretUpkeep({ clock, clients, observer });
  upkeep.start();
  await clock.advance(MINUTE);
  await upkeep.stop();
  expect(observer.of("store.failed")).toEqual([{ code: "store_unavailable" }]);
  expect(observer.of("client.secret_erased")).toEqual([{ clientId: "cli_1", secretId: "sec_1" }]);
});

describe("the warnings of a client", () => {
  test("are of ends, of refusals and of what waits to be promoted", () => {
    expect(codesOf({ expiresAt: DAY })).toEqual(["secret_expires"]);
    expect(codesOf({ expiresAt: -1 })).toEqual(["secret_expired"]);
    expect(codesOf({ state: "staged", refusal: { code: "invalid_client", at: 0 } })).toEqual(["secret_refused"]);
    expect(codesOf({ state: "staged", provenCount: 3 })).toEqual(["secret_proven"]);
    expect(codesOf({}, { state: "staged", provenCount: 2 })).toEqual([]);
  });

  test("are not of secrets that nobody uses any more", () => {
    expect(codesOf({ state: "retired", expiresAt: -1 }, { sealed: null, expiresAt: -1 })).toEqual([]);
  });
});

function codesOf(...secrets: Partial<ClientSecret>[]): string[] {
  const whole = secrets.map((secret) => ({ ...NEW_SECRET, ...secret }));
  return secretWarnings(whole, 0).map(({ code }) => code);
}
