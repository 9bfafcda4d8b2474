import type { ClaimedMail, MailStore } from "../event/mail.ts";
import type { Mailer } from "../event/mailer.ts";
import { retryIn } from "../event/retry-schedule.ts";
import type { WebhookStore } from "../event/webhook-endpoint.ts";
import { MINUTE, SECOND } from "../runtime/clock.ts";
import type { Random } from "../runtime/random.ts";
import { createRounds, type Rounds, type RoundsDeps } from "../runtime/rounds.ts";
import { digestOf } from "./digest.ts";
import { mailForms } from "./mail-page.ts";
import { digestText, endpointText, eventText, type MailText } from "./mail-text.ts";

export interface MailSenderDeps extends RoundsDeps {
  mails: MailStore;
  mailer: Mailer;
  webhooks: Pick<WebhookStore, "find">;
  random: Random;
  /** The operators. */
  to: readonly string[];
}

const INTERVAL = 10 * SECOND;
/** So that a stop does not wait for many. */
const MOST_IN_ROUND = 10;
/** Longer than a mail takes. */
const LEASE = MINUTE;

/** Writes to the operators, one mail after the other, and each again over a day until the mail server takes it. */
export function createMailSender(deps: MailSenderDeps): Rounds {
  return createRounds(deps, INTERVAL, async () => {
    await deps.mails.gather();
    for (let left = MOST_IN_ROUND; left > 0; left--) {
      const mail = await deps.mails.claim(LEASE);
      if (!mail || !(await send(deps, mail))) return;
    }
  });
}

/** False where the mail server did not take it, and would not take the next one either. */
async function send(deps: MailSenderDeps, mail: ClaimedMail): Promise<boolean> {
  const { mails, mailer, random, observer, to } = deps;
  const text = await textOf(deps, mail);
  if (!text) {
    await mails.note(mail, { kind: "cancelled" });
    return true;
  }
  const result = await mailer.send({ to, id: `evergrant-mail-${mail.number}`, ...mailForms(text) });
  const { kind, attempt } = mail;
  if (result === "sent") {
    await mails.note(mail, { kind: "sent" });
    observer.event("mail.sent", { kind, attempt });
    return true;
  }
  const schedule = { fraction: random.fraction(), retryAfterMs: null };
  const retryInMs = result === "refused" ? null : retryIn(attempt, schedule);
  await mails.note(mail, { kind: "failed", retryInMs });
  observer.event(retryInMs === null ? "mail.given_up" : "mail.failed", { kind, attempt, code: result });
  return result === "refused";
}

/** Null where what it would tell was deleted, or is over. */
async function textOf({ mails, webhooks }: MailSenderDeps, mail: ClaimedMail): Promise<MailText | null> {
  switch (mail.kind) {
    case "event": {
      const [event] = await mails.events(mail.number);
      return event ? eventText(event) : null;
    }
    case "digest": {
      const events = await mails.events(mail.number);
      return events.length === 0 ? null : digestText(digestOf(events));
    }
    case "endpoint_failing": {
      const endpoint = mail.endpointId === null ? null : await webhooks.find(mail.endpointId);
      return endpoint && endpoint.warnedAt !== null ? endpointText(endpoint) : null;
    }
  }
}
