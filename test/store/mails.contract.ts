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
      const stage = await open(kind);
      await stage.event(null, "key.rotated");
      await stage.event(null, "client.suspended");
      await stage.passOn();
      await stage.event(null, "client.secret_expiring");
      await stage.outbox.passOn(10, false);
      expect(await stage.tell()).toEqual(["event", "null client.suspended"]);
      expect(await stage.tell()).toBeNull();
    });

    test("sum up what happened to connections, when it has gathered, and at most once an hour", async () => {
      const stage = await open(kind);
      await stage.event("con_1", "connection.expiring");
      await stage.event("con_2", "connection.created");
      await stage.passOn();
      expect(await stage.mails.gather()).toBe(false);
      await stage.clock.advance(5 * MINUTE);
      await stage.event("con_3", "connection.recovered");
      await stage.event("con_4", "connection.expiring", { incidentId: "inc_1" });
      await stage.passOn();
      expect(await Promise.all([stage.mails.gather(), stage.mails.gather()])).toContain(true);
      expect(await stage.tell()).toEqual(["digest", "con_1 connection.expiring", "con_3 connection.recovered"]);
      expect(await stage.tell()).toBeNull();
      await stage.event("con_5", "connection.expiring");
      await stage.passOn();
      await stage.clock.advance(HOUR - 1);
      expect(await stage.mails.gather()).toBe(false);
      await stage.clock.advance(1);
      expect(await stage.mails.gather()).toBe(true);
      expect(await stage.tell()).toEqual(["digest", "con_5 connection.expiring"]);
    });

    test("say nothing of what is older than a day when they begin", async () => {
      const stage = await open(kind);
      await stage.event("con_1", "connection.expiring");
      await stage.outbox.passOn(10, false);
      await stage.clock.advance(DAY);
      expect(await stage.mails.gather()).toBe(false);
    });

    test("are claimed by one at a time, and again later when the mail server did not take them", async () => {
      const stage = await open(kind);
      await stage.event(null, "client.suspended");
      await stage.passOn();
      const lost = await stage.claim();
      expect(await stage.claim()).toBeNull();
      await stage.clock.advance(MINUTE);
      const again = await stage.claim();
      if (!lost || !again) throw new Error("There is a mail.");
      expect(again).toEqual({ ...lost, attempt: 2 });
      await stage.mails.note(lost, { kind: "failed", retryInMs: null });
      await stage.mails.note(again, { kind: "failed", retryInMs: HOUR });
      await stage.clock.advance(HOUR - 1);
      expect(await stage.claim()).toBeNull();
      await stage.clock.advance(1);
      const last = await stage.claim();
      if (!last) throw new Error("It is due.");
      await stage.mails.note(last, { kind: "failed", retryInMs: null });
      await stage.clock.advance(DAY);
      expect(await stage.claim()).toBeNull();
    });

    test("warn of an endpoint that is about to be disabled", async () => {
      const stage = await open(kind);
      await stage.endpoint("whe_1");
      for (const wait of [0, 2 * DAY]) {
        await stage.clock.advance(wait);
        await stage.event(`con_${wait}`);
        await stage.passOn();
        const [delivery] = await stage.deliveries.claim({ limit: 1, perEndpoint: 1, exceptEndpoints: [] });
        if (!delivery) throw new Error("It is due.");
        const failed = { kind: "failed", outcome: outcome(500, "http_status"), retryInMs: null } as const;
        await stage.deliveries.note(delivery, { ...failed, mailOperators: true });
      }
      expect(await stage.claim()).toMatchObject({ kind: "endpoint_failing", endpointId: "whe_1" });
    });
  });
}
