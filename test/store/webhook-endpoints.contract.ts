import { describe, expect, test } from "vitest";
import { DAY, HOUR } from "../../src/runtime/clock.ts";
import { makeClone } from "../../src/store/restore-clone.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { first, openWebhookStage, outcome, statesOf, type WebhookStage } from "./webhook-stage.ts";

/** Fails, once every so often, for so long. */
async function failFor(stage: WebhookStage, days: number): Promise<unknown[]> {
  const turns: unknown[] = [];
  for (let hour = 0; hour <= days * 24; hour += 12) {
    if (hour > 0) await stage.clock.advance(12 * HOUR);
    await stage.event(`con_${hour}`);
    await stage.passOn();
    const [delivery] = await stage.claim();
    turns.push(delivery ? await stage.fail(delivery, null) : "nothing");
  }
  return turns;
}

/** What every database has to make of endpoints and their secrets. */
export function webhookEndpointsContract(kind: DatabaseKind): void {
  describe(`an endpoint on ${kind.name}`, () => {
    test("that fails for two days is warned of, and a day later disabled", async () => {
      const stage = await openWebhookStage(kind);
      await stage.endpoint("whe_1");
      expect(await failFor(stage, 3)).toEqual([null, null, null, null, "warned", null, "disabled"]);
      expect(await stage.webhooks.find("whe_1")).toMatchObject({ disabledReason: "failing" });
      await stage.event("con_1");
      await stage.passOn();
      expect(await stage.claim()).toEqual([]);
    });

    test("that nothing was sent to for days is not disabled before it was warned of for a day", async () => {
      const stage = await openWebhookStage(kind);
      await stage.endpoint("whe_1");
      const turns: unknown[] = [];
      for (const wait of [0, 4 * DAY, DAY - 1, 1]) {
        await stage.clock.advance(wait);
        await stage.event(`con_${wait}`);
        await stage.passOn();
        turns.push(await stage.fail(await first(stage), null));
      }
      expect(turns).toEqual([null, "warned", null, "disabled"]);
    });

    test("that a message reached is well again", async () => {
      const stage = await openWebhookStage(kind);
      await stage.endpoint("whe_1");
      await failFor(stage, 2);
      await stage.event("con_1");
      await stage.passOn();
      await stage.succeed(await first(stage));
      const well = { failingSince: null, warnedAt: null, lastSuccessAt: stage.clock.now() };
      expect(await stage.webhooks.find("whe_1")).toMatchObject(well);
      expect(await failFor(stage, 1)).toEqual([null, null, null]);
    });

    test("that is gone is disabled at once, and what it was to hear is given up", async () => {
      const stage = await openWebhookStage(kind);
      await stage.endpoint("whe_1");
      await stage.event("con_1");
      await stage.passOn();
      const gone = {
        kind: "failed",
        outcome: outcome(410, "http_status"),
        retryInMs: 5,
        mailOperators: false,
      } as const;
      expect(await stage.deliveries.note(await first(stage), gone)).toBe("disabled");
      expect(await statesOf(stage)).toEqual(["connection.created given_up 1"]);
      expect(await stage.webhooks.find("whe_1")).toMatchObject({ disabledReason: "gone" });
    });

    test("that is removed takes its deliveries along", async () => {
      const stage = await openWebhookStage(kind);
      await stage.endpoint("whe_1");
      await stage.event("con_1");
      await stage.passOn();
      await stage.webhooks.remove("whe_1");
      expect(await stage.webhooks.find("whe_1")).toBeNull();
      expect(await stage.webhooks.secrets("whe_1")).toEqual([]);
      expect(await stage.deliveries.waiting()).toEqual({ count: 0, oldestMs: 0 });
    });
  });

  test(`a clone tells nobody of what is the original's to tell, with ${kind.name}`, async () => {
    const stage = await openWebhookStage(kind);
    await stage.endpoint("whe_1");
    await stage.event("con_1");
    await stage.passOn();
    await stage.event("con_2");
    await makeClone(stage.database, { name: "clone", staticProviders: [] });
    await stage.passOn();
    expect(await stage.deliveries.waiting()).toEqual({ count: 0, oldestMs: 0 });
    expect(await stage.webhooks.find("whe_1")).toMatchObject({ disabledReason: "by_request" });
  });

  describe(`secrets on ${kind.name}`, () => {
    test("the newest signs with those before, until these retire", async () => {
      const stage = await openWebhookStage(kind);
      await stage.endpoint("whe_1");
      const live = async () => (await stage.webhooks.secrets("whe_1")).map(({ id }) => id);
      const add = (id: string, overlapMs: number) =>
        stage.webhooks.addSecret("whe_1", { id, sealed: Buffer.of(2) }, overlapMs);
      await stage.clock.advance(1);
      expect(await add("whs_2", HOUR)).toBe("added");
      await stage.clock.advance(1);
      expect(await add("whs_3", 2 * HOUR)).toBe("added");
      expect(await live()).toEqual(["whs_3", "whs_2", "whs_whe_1"]);
      expect(await add("whs_4", HOUR)).toBe("full");
      await stage.clock.advance(HOUR);
      expect(await live()).toEqual(["whs_3", "whs_2"]);
      expect(await stage.webhooks.retireSecret("whe_1", "whs_3")).toBe("newest");
      expect(await stage.webhooks.retireSecret("whe_1", "whs_2")).toBe("retired");
      expect(await stage.webhooks.retireSecret("whe_1", "whs_2")).toBe("unknown");
      expect(await live()).toEqual(["whs_3"]);
    });
  });
}
