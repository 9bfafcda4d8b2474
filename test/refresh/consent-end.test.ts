import { describe, expect, test } from "vitest";
import { DEFAULT_CLIENT_SETTINGS } from "../../src/client/client.ts";
import {
  consentEnd,
  nextWarningAt,
  refreshTokenEnd,
  warningDue,
  type ConsentFacts,
} from "../../src/refresh/consent-end.ts";
import { providerSchema } from "../../src/provider/provider.ts";
import { DAY, HOUR, SECOND } from "../../src/runtime/clock.ts";
import { openEngineStage } from "../stage/engine-stage.ts";

interface Facts {
  consentedAt?: number | null;
  refreshExpiresAt?: number | null;
  testing?: boolean;
  absoluteDays?: number;
  idleDays?: number;
  rotation?: ConsentFacts["provider"]["rotation"];
}

function seconds(days: number | undefined): number | null {
  return days === undefined ? null : (days * DAY) / SECOND;
}

function facts(given: Facts): ConsentFacts {
  const { consentedAt = 0, refreshExpiresAt = null, testing = false, rotation = "always" } = given;
  return {
    connection: { consentedAt },
    tokens: { obtainedAt: 2 * DAY, refreshExpiresAt },
    client: { settings: { ...DEFAULT_CLIENT_SETTINGS, testing } },
    provider: {
      rotation,
      lifetimes: {
        access_seconds: null,
        idle_seconds: seconds(given.idleDays),
        absolute_seconds: seconds(given.absoluteDays),
      },
    },
  };
}

describe("the end of a consent", () => {
  test.each<[string, Facts, number | null]>([
    ["none that is known", {}, null],
    ["the provider's absolute life", { absoluteDays: 90 }, 90],
    ["seven days in a test status", { testing: true }, 7],
    ["whichever comes first", { testing: true, absoluteDays: 90 }, 7],
    ["none where nobody saw the consent", { testing: true, absoluteDays: 90, consentedAt: null }, null],
    ["what the answer says, where no answer brings another", { refreshExpiresAt: 30 * DAY, rotation: "never" }, 30],
    ["not what it says of a token that is replaced each time", { refreshExpiresAt: 30 * DAY }, null],
    ["not an idle life, which each refresh prolongs", { idleDays: 30 }, null],
  ])("is %s", (_what, given, days) => {
    expect(consentEnd(facts(given))).toBe(days === null ? null : days * DAY);
  });

  test.each<[string, Facts, number | null]>([
    ["the idle life from the last refresh", { idleDays: 30 }, 32],
    ["what the answer said", { idleDays: 30, refreshExpiresAt: 9 * DAY }, 9],
    ["the consent's", { idleDays: 30, absoluteDays: 20 }, 20],
    ["not known", {}, null],
  ])("and the refresh token's, if nothing is done: %s", (_what, given, days) => {
    expect(refreshTokenEnd(facts(given))).toBe(days === null ? null : days * DAY);
  });
});

describe("a warning", () => {
  const END = 100 * DAY;

  test.each([
    [80, 85, null],
    [85, 86, 14],
    [86, 86.5, null],
    [86, 97, 3],
    [98, 99, 1],
    [85, 99, 1],
    [99, 99.9, null],
    [85, 100, null],
  ])("between day %d and day %d of a hundred is %s days ahead", (before, now, days) => {
    expect(warningDue(END, { before: before * DAY, now: now * DAY })).toBe(days);
  });

  test("comes next at 14, 3 and 1 days ahead, and then no more", () => {
    const times = [0, 86 * DAY, 97 * DAY, 99 * DAY].map((now) => nextWarningAt(END, now));
    expect(times).toEqual([86 * DAY, 97 * DAY, 99 * DAY, null]);
  });

  test("is none without an end", () => {
    expect(warningDue(null, { before: 0, now: END })).toBeNull();
    expect(nextWarningAt(null, 0)).toBeNull();
  });
});

test("a consent that ends is warned of 14, 3 and 1 days ahead, once each, though nobody reads", async () => {
  const stage = await openEngineStage({ server: { rotation: false } });
  const entry = await stage.catalogue.find("provider");
  const lifetimes = { idle_seconds: (400 * DAY) / SECOND, absolute_seconds: (30 * DAY) / SECOND };
  await stage.catalogue.put(providerSchema.parse({ ...entry, lifetimes }));
  const consentedAt = stage.clock.now();
  const id = await stage.connect({ consentedAt });
  stage.sweep.start();
  for (let hour = 0; hour < 30 * 24 - 1; hour++) await stage.clock.leap(HOUR);
  const warnings = stage.observer.of("connection.expiring").map(({ days }) => days);
  expect(warnings).toEqual([14, 3, 1]);
  const kinds = await stage.historyOf(id);
  expect(kinds.filter((kind) => kind === "expiring")).toHaveLength(3);
});
