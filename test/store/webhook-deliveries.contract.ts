import { describe, expect, test } from "vitest";
import { DELIVERY_LEASE } from "../../src/incident/webhook-delivery.ts";
import { DAY, HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { makeClone } from "../../src/store/restore-clone.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { openWebhookStage, outcome, type WebhookStage } from "./webhook-stage.ts";

async function statesOf({ deliveries }: WebhookStage, endpointId = "whe_1") {
  const query = { endpointId, limit: 100, before: null, state: null };
  return (await deliveries.list(query)).map(({ type, state, attempts }) => `${type} ${state} ${attempts}`);
}

async function first(stage: WebhookStage) {
  const [claimed] = await stage.claim();
  if (!claimed) throw new Error("Nothing is due.");
  return claimed;
}

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

/** What every database has to make of events on their way to endpoints. */
export function webhookDeliveriesContract(kind: DatabaseKind): void {
  describe(`passing events on with ${kind.name}`, () => {
    test("makes a delivery for each endpoint that hears of one, once", async () => {
      const stage = await openWebhookStage(kind);
      await stage.tenant("ten_other");
      await stage.endpoint("whe_1");
      await stage.endpoint("whe_few", { events: ["key.rotated"] });
      await stage.endpoint("whe_other", { tenantId: "ten_other" });
      await stage.endpoint("whe_all", { allTenants: true });
      await stage.endpoint("whe_off");
      await stage.webhooks.change("whe_off", { status: "disabled" });
      await stage.event("con_1");
      await stage.event(null, "key.rotated", { tenantId: "ten_other" });
      await stage.passOn();
      await stage.passOn();
      const of = async (id: string) => (await statesOf(stage, id)).map((text) => text.split(" ")[0]);
      expect(await of("whe_1")).toEqual(["connection.created"]);
      expect(await of("whe_few")).toEqual([]);
      expect(await of("whe_other")).toEqual(["key.rotated"]);
      expect(await of("whe_all")).toEqual(["key.rotated", "connection.created"]);
      expect(await of("whe_off")).toEqual([]);
      expect(await stage.outbox.pending(10)).toEqual([]);
    });

    test("keeps the order of a connection: what comes after one that is held waits for it", async () => {
      const stage = await openWebhookStage(kind);
      await stage.endpoint("whe_1");
      await stage.event("con_1", "connection.degraded");
      await stage.event("con_1", "connection.expiring");
      await stage.event("con_2");
      await stage.passOn();
      expect(await stage.claimedSubjects()).toEqual(["con_2 connection.created"]);
      await stage.clock.advance(5 * MINUTE);
      await stage.passOn();
      expect(await stage.claimedSubjects()).toEqual(["con_1 connection.degraded", "con_2 connection.created"]);
    });
  });

  describe(`a delivery on ${kind.name}`, () => {
    test("is claimed by one at a time, and again when its lease is over", async () => {
      const stage = await openWebhookStage(kind);
      await stage.endpoint("whe_1");
      await stage.event("con_1");
      await stage.passOn();
      const lost = await first(stage);
      expect(lost).toMatchObject({ endpointId: "whe_1", type: "connection.created", attempt: 1 });
      await stage.clock.advance(DELIVERY_LEASE - 1);
      expect(await stage.claim()).toEqual([]);
      await stage.clock.advance(1);
      const again = await first(stage);
      expect(again).toEqual({ ...lost, attempt: 2 });
      // Whoever lost it says nothing about it any more, except that it arrived.
      await stage.fail(lost, null);
      expect(await statesOf(stage)).toEqual(["connection.created pending 2"]);
      await stage.succeed(lost);
      expect(await statesOf(stage)).toEqual(["connection.created delivered 2"]);
      await stage.fail(again);
      expect(await statesOf(stage)).toEqual(["connection.created delivered 2"]);
    });

    test("waits for the earlier ones of its connection, until they are delivered or given up", async () => {
      const stage = await openWebhookStage(kind);
      await stage.endpoint("whe_1");
      for (const type of ["connection.created", "connection.expiring", "connection.disconnected"] as const) {
        await stage.event("con_1", type);
      }
      await stage.event("con_2");
      await stage.passOn();
      const [created, other] = await stage.claim();
      if (!created || !other) throw new Error("Both connections have something due.");
      expect([created.type, other.type]).toEqual(["connection.created", "connection.created"]);
      await stage.succeed(other);
      await stage.fail(created, HOUR);
      expect(await stage.claim()).toEqual([]);
      await stage.clock.advance(HOUR);
      await stage.fail(await first(stage), null);
      const next = await first(stage);
      expect(next.type).toBe("connection.expiring");
      await stage.succeed(next);
      expect((await first(stage)).type).toBe("connection.disconnected");
    });

    test("of one endpoint does not wait for those of another, nor take all the room", async () => {
      const stage = await openWebhookStage(kind);
      await stage.endpoint("whe_1");
      await stage.endpoint("whe_2");
      for (let n = 0; n < 5; n++) await stage.event(`con_${n}`);
      await stage.passOn();
      const some = await stage.deliveries.claim({ limit: 3, perEndpoint: 2, exceptEndpoints: [] });
      expect(some.map(({ endpointId }) => endpointId).toSorted()).toEqual(["whe_1", "whe_1", "whe_2"]);
      const rest = await stage.deliveries.claim({ limit: 10, perEndpoint: 2, exceptEndpoints: ["whe_1"] });
      expect(rest.map(({ endpointId }) => endpointId)).toEqual(["whe_2", "whe_2"]);
    });

    test("waits while its endpoint is disabled", async () => {
      const stage = await openWebhookStage(kind);
      await stage.endpoint("whe_1");
      await stage.event("con_1");
      await stage.passOn();
      await stage.webhooks.change("whe_1", { status: "disabled" });
      expect(await stage.claim()).toEqual([]);
      expect(await stage.deliveries.waiting()).toEqual({ count: 1, oldestMs: 0 });
      await stage.webhooks.change("whe_1", { status: "enabled" });
      expect(await stage.claim()).toHaveLength(1);
    });

    test("is listed newest first, in pages and by its state", async () => {
      const stage = await openWebhookStage(kind);
      await stage.endpoint("whe_1");
      for (let n = 1; n <= 3; n++) await stage.event(`con_${n}`);
      await stage.passOn();
      await stage.succeed(await first(stage));
      const list = (before: string | null, state: "pending" | null = null) =>
        stage.deliveries.list({ endpointId: "whe_1", limit: 2, before, state });
      const [newest, middle] = await list(null);
      expect(newest).toMatchObject({ state: "pending", lastAt: null, nextAt: expect.any(Number) });
      const oldest = await list(middle?.id ?? "");
      expect(oldest).toMatchObject([{ state: "delivered", lastStatus: 204, lastCode: null, nextAt: null }]);
      expect(await list(null, "pending")).toEqual([newest, middle]);
      expect(await list("whd_unknown")).toEqual([]);
    });
  });

  describe(`replaying on ${kind.name}`, () => {
    test("sends one again as if it was never sent, and only at its own endpoint", async () => {
      const stage = await openWebhookStage(kind);
      await stage.endpoint("whe_1");
      await stage.event("con_1");
      await stage.passOn();
      const delivery = await first(stage);
      await stage.succeed(delivery);
      expect(await stage.deliveries.replay("whe_2", delivery.id)).toBe(false);
      expect(await stage.claim()).toEqual([]);
      expect(await stage.deliveries.replay("whe_1", delivery.id)).toBe(true);
      expect(await first(stage)).toEqual({ ...delivery, attempt: 1 });
    });

    test("brings what an endpoint did not hear of since a time, in pieces, and nothing of other tenants", async () => {
      const stage = await openWebhookStage(kind);
      await stage.tenant("ten_other");
      await stage.event("con_0");
      await stage.clock.advance(HOUR);
      const since = stage.clock.now();
      for (let n = 1; n <= 3; n++) {
        await stage.event(`con_${n}`, n === 2 ? "connection.disconnected" : "connection.created");
        await stage.clock.advance(MINUTE);
      }
      await stage.event("con_9", "connection.created", { tenantId: "ten_other" });
      await stage.passOn();
      await stage.endpoint("whe_1", { events: ["connection.created"] });
      const replay = { endpointId: "whe_1", since, until: null };
      const piece = await stage.deliveries.replaySince({ ...replay, limit: 1 });
      expect(piece).toEqual({ replayed: 1, nextSince: since + 2 * MINUTE });
      const until = since + MINUTE;
      expect(await stage.deliveries.replaySince({ ...replay, until, limit: 9 })).toEqual({
        replayed: 1,
        nextSince: null,
      });
      expect(await stage.deliveries.replaySince({ ...replay, limit: 9 })).toEqual({ replayed: 2, nextSince: null });
      expect(await stage.claimedSubjects()).toEqual(["con_1 connection.created", "con_3 connection.created"]);
    });
  });

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

  test(`what came to its end is kept for 30 days and deleted in pieces, with ${kind.name}`, async () => {
    const stage = await openWebhookStage(kind);
    await stage.endpoint("whe_1");
    for (let n = 1; n <= 3; n++) await stage.event(`con_${n}`);
    await stage.passOn();
    for (const delivery of await stage.claim()) await stage.succeed(delivery);
    await stage.clock.advance(30 * DAY);
    expect(await stage.deliveries.prune(2)).toBe(0);
    await stage.clock.advance(1);
    expect(await stage.deliveries.prune(2)).toBe(4);
    expect(await stage.deliveries.prune(2)).toBe(2);
    expect(await statesOf(stage)).toEqual([]);
    expect(await stage.deliveries.prune(2)).toBe(0);
  });
}
