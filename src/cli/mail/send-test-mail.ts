import { randomUUID } from "node:crypto";
import { mailForms } from "../../notify/mail-page.ts";
import { TEST_TEXT } from "../../notify/mail-text.ts";
import { openMailer } from "../../service/open-mailer.ts";
import { readSettings } from "../../service/settings.ts";
import { CommandFailure } from "../command-failure.ts";
import type { Output } from "../terminal/output.ts";

/** Throws `StartError` for settings that are not valid, and `CommandFailure` when no mail could be sent. */
export async function sendTestMail(output: Output, environment: NodeJS.ProcessEnv): Promise<void> {
  const { mail, allowedPrivateHosts } = readSettings(environment);
  if (!mail || mail.operators.length === 0) {
    throw new CommandFailure({
      exit: "settings",
      code: "settings",
      detail: "Nobody is to be written: EVERGRANT_NOTIFY_EMAIL is not set.",
      next: "Set EVERGRANT_SMTP_URL, EVERGRANT_MAIL_FROM and EVERGRANT_NOTIFY_EMAIL.",
    });
  }
  const to = mail.operators;
  const mailer = openMailer(mail, allowedPrivateHosts);
  const result = await mailer.send({ to, id: `evergrant-test-${randomUUID()}`, ...mailForms(TEST_TEXT) });
  if (result === "sent") return output.result({ sent: true, to }, () => `Sent to ${to.join(", ")}.`);
  throw new CommandFailure({
    exit: "unavailable",
    code: result,
    detail:
      result === "refused"
        ? "The mail server refuses the mail."
        : "The mail server cannot be reached, speaks no TLS, or does not accept the password.",
    next: "Check EVERGRANT_SMTP_URL, and that EVERGRANT_MAIL_FROM may be sent from there.",
  });
}
