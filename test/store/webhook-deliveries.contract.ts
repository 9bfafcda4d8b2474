import { describe, expect, test } from "vitest";
import { DELIVERY_LEASE } from "../../src/event/webhook-delivery.ts";
import { DAY, HOUR, MINUTE } from "../../src/runtime/clock.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { first, openWebhookStage, statesOf } from "./webhook-stage.ts";

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

  test(`several instances at once pass each event on once and claim each delivery once, in order, with ${kind.name}`, async () => {
    const stage = await openWebhookStage(kind);
    await stage.endpoint("whe_1");
    for (let n = 0; n < 60; n++)
      await stage.event(`con_${n % 6}`, n < 6 ? "connection.created" : "connection.expiring");
    const told: string[] = [];
    const instance = async (): Promise<void> => {
      for (let idle = 0; idle < 5;) {
        const passedOn = await stage.outbox.passOn(5, true);
        const claimed = await stage.deliveries.claim({ limit: 4, perEndpoint: 4, exceptEndpoints: [] });
        for (const delivery of claimed) {
          const event = await stage.deliveries.event(delivery.eventNumber);
          told.push(`${event?.connectionId} ${String(event?.number).padStart(9, "0")}`);
          await stage.succeed(delivery);
        }
        idle = passedOn + claimed.length > 0 ? 0 : idle + 1;
      }
    };
    await Promise.all([instance(), instance(), instance(), instance()]);
    expect(told).toHaveLength(60);
    expect(new Set(told).size).toBe(60);
    for (let n = 0; n < 6; n++) {
      const ofOne = told.filter((text) => text.startsWith(`con_${n} `));
      expect(ofOne).toEqual(ofOne.toSorted());
    }
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
      const replay = { endpointId: "whe_1", since, until: null, onlyGivenUp: false };
      const piece = await stage.deliveries.replaySince({ ...replay, limit: 1 });
      expect(piece).toEqual({ replayed: 1, nextSince: since + 2 * MINUTE });
      const until = since + MINUTE;
      expect(await stage.deliveries.replaySince({ ...replay, until, limit: 9 })).toEqual({
        replayed: 1,
        nextSince: null,
      });
      expect(await stage.deliveries.replaySince({ ...replay, limit: 9 })).toEqual({ replayed: 2, nextSince: null });
      expect(await stage.claimedSubjects()).toEqual(["con_1 connection.created", "con_3 connection.created"]);
      const givenUp = { ...replay, onlyGivenUp: true, limit: 9 };
      expect(await stage.deliveries.replaySince(givenUp)).toMatchObject({ replayed: 0 });
      await stage.database.write((queries) =>
        queries
          .updateTable("webhook_deliveries")
          .set({ state: "given_up" })
          .where(
            "event_number",
            "=",
            queries.selectFrom("outbox").select("number").where("connection_id", "=", "con_3"),
          )
          .execute(),
      );
      expect(await stage.deliveries.replaySince(givenUp)).toEqual({ replayed: 1, nextSince: null });
    });

    test("comes to an end, and sends each once, however many events share a millisecond", async () => {
      const stage = await openWebhookStage(kind);
      const since = stage.clock.now();
      for (const crowd of [1, 5, 2]) {
        for (let n = 0; n < crowd; n++) await stage.event(`con_${crowd}_${n}`);
        await stage.clock.advance(MINUTE);
      }
      await stage.passOn();
      await stage.endpoint("whe_1");
      const pieces: number[] = [];
      for (let from: number | null = since; from !== null && pieces.length < 9;) {
        const replay = { endpointId: "whe_1", since: from, until: null, onlyGivenUp: false, limit: 3 };
        const { replayed, nextSince } = await stage.deliveries.replaySince(replay);
        pieces.push(replayed);
        from = nextSince;
      }
      expect(pieces).toEqual([1, 5, 2]);
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
