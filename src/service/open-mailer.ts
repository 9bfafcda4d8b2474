import { readFile } from "node:fs/promises";
import type { Mailer } from "../event/mailer.ts";
import { parseSmtpUrl } from "../notify/smtp-url.ts";
import type { MailSettings } from "./mail-settings.ts";

/**
 * A file with the URL is read for each mail: whoever changes the password need not stop the service. What sends is loaded with the
 * first mail, because most starts are followed by none.
 */
export function openMailer({ server, from }: MailSettings, allowedPrivateHosts: readonly string[]): Mailer {
  const url = async (): Promise<string> =>
    server.kind === "value" ? server.url.reveal() : (await readFile(server.path, "utf8").catch(() => "")).trim();
  return {
    send: async (mail) => {
      const { createSmtpMailer } = await import("../notify/smtp-mailer.ts");
      return createSmtpMailer({ server: async () => parseSmtpUrl(await url(), allowedPrivateHosts), from }).send(mail);
    },
  };
}
