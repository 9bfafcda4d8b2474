import { describe, expect, test } from "vitest";
import { DAY, HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { createMailStore } from "../../src/store/mails.ts";
import type { DatabaseKind } from "../stage/databases.ts";
import { openWebhookStage, outcome } from "./webhook-stage.ts";

async function open(kind: DatabaseKind) {
  const stage = await openWebhookStage(kind);
  const mails = createMailStore(stage.database);
  const claim = () => mails.claim(MINUTE);
  /** What the next mail tells of, once it is claimed and sent. */
  const tell = async () => {
    const mail = await claim();
    if (!mail) return null;
    const events = await mails.events(mail.number);
    await mails.note(mail, { kind: "sent" });
    return [mail.kind, ...events.map(({ type, connectionId }) => `${connectionId} ${type}`)];
  };
  return { ...stage, mails, claim, tell };
}

/** What every database has to make of what the operators are written. */
export function mailsContract(kind: DatabaseKind): void {
  describe(`mails on ${kind.name}`, () => {
    test("tell of a client at once and once, and not while nobody is to be written", async () => {
      const { event, passOn, outbox, tell } = await open(kind);
      await event(null, "key.rotated");
      await event(null, "client.suspended");
      await passOn();
      await event(null, "client.secret_expiring");
      await outbox.passOn(10, false);
      expect(await tell()).toEqual(["event", "null client.suspended"]);
      expect(await tell()).toBeNull();
    });

    test("sum up what happened to connections, when it has gathered, and at most once an hour", async () => {
      const { event, passOn, clock, mails, tell } = await open(kind);
      await event("con_1", "connection.expiring");
      await event("con_2", "connection.created");
      await passOn();
      expect(await mails.gather()).toBe(false);
      await clock.advance(5 * MINUTE);
      await event("con_3", "connection.recovered");
      await event("con_4", "connection.expiring", { incidentId: "inc_1" });
      await passOn();
      expect(await Promise.all([mails.gather(), mails.gather()])).toContain(true);
      expect(await tell()).toEqual(["digest", "con_1 connection.expiring", "con_3 connection.recovered"]);
      expect(await tell()).toBeNull();
      await event("con_5", "connection.expiring");
      await passOn();
      await clock.advance(HOUR - 1);
      expect(await mails.gather()).toBe(false);
      await clock.advance(1);
      expect(await mails.gather()).toBe(true);
      expect(await tell()).toEqual(["digest", "con_5 connection.expiring"]);
    });

    test("say nothing of what is older than a day when they begin", async () => {
      const { event, outbox, clock, mails } = await open(kind);
      await event("con_1", "connection.expiring");
      await outbox.passOn(10, false);
      await clock.advance(DAY);
      expect(await mails.gather()).toBe(false);
    });

    test("are claimed by one at a time, and again later when the mail server did not take them", async () => {
      const { event, passOn, clock, mails, claim } = await open(kind);
      await event(null, "client.suspended");
      await passOn();
      const lost = await claim();
      expect(await claim()).toBeNull();
      await clock.advance(MINUTE);
      const again = await claim();
      if (!lost || !again) throw new Error("There is a mail.");
      expect(again).toEqual({ ...lost, attempt: 2 });
      await mails.note(lost, { kind: "failed", retryInMs: null });
      await mails.note(again, { kind: "failed", retryInMs: HOUR });
      await clock.advance(HOUR - 1);
      expect(await claim()).toBeNull();
      await clock.advance(1);
      const last = await claim();
      if (!last) throw new Error("It is due.");
      await mails.note(last, { kind: "failed", retryInMs: null });
      await clock.advance(DAY);
      expect(await claim()).toBeNull();
    });

    test("warn of an endpoint that is about to be disabled", async () => {
      const { endpoint, event, passOn, clock, deliveries, claim } = await open(kind);
      await endpoint("whe_1");
      for (const wait of [0, 2 * DAY]) {
        await clock.advance(wait);
        await event(`con_${wait}`);
        await passOn();
        const [delivery] = await deliveries.claim({ limit: 1, perEndpoint: 1, exceptEndpoints: [] });
        if (!delivery) throw new Error("It is due.");
        const failed = { kind: "failed", outcome: outcome(500, "http_status"), retryInMs: null } as const;
        await deliveries.note(delivery, { ...failed, mailOperators: true });
      }
      expect(await claim()).toMatchObject({ kind: "endpoint_failing", endpointId: "whe_1" });
    });
  });
}
