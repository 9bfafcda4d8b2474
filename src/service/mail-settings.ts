import { resolve } from "node:path";
import { z } from "zod";
import { isEmail } from "../access/operator.ts";
import { parseSmtpUrl } from "../notify/smtp-url.ts";
import { secret, type Secret } from "../runtime/secret.ts";
import { StartError } from "./start-error.ts";

/** Where mails go out, from whom, and which operators are written. */
export interface MailSettings {
  server: MailServerSource;
  from: string;
  /** Nobody where it is empty. */
  operators: string[];
}

/** The URL of a mail server may hold a password. */
export type MailServerSource = { kind: "value"; url: Secret<string> } | { kind: "file"; path: string };

const optionalText = z.preprocess((value) => (value === "" ? undefined : value), z.string().optional());

export const mailSettings = {
  EVERGRANT_SMTP_URL: optionalText,
  EVERGRANT_SMTP_URL_FILE: optionalText,
  EVERGRANT_MAIL_FROM: optionalText,
  EVERGRANT_NOTIFY_EMAIL: optionalText,
};

type MailEnvironment = { [name in keyof typeof mailSettings]?: string | undefined };

/** Null where none of them is set. Throws `StartError` where only some are, or one is not valid. */
export function readMailSettings(env: MailEnvironment, allowedPrivateHosts: readonly string[]): MailSettings | null {
  const names = Object.keys(mailSettings).filter((name) => Reflect.get(env, name) !== undefined);
  if (names.length === 0) return null;
  const { EVERGRANT_MAIL_FROM: from, EVERGRANT_NOTIFY_EMAIL: operators = "" } = env;
  const server = serverSource(env, allowedPrivateHosts);
  if (server === null) throw missing("EVERGRANT_SMTP_URL");
  if (from === undefined) throw missing("EVERGRANT_MAIL_FROM");
  if (!isSender(from)) {
    throw new StartError(
      "settings",
      "EVERGRANT_MAIL_FROM: has to be an e-mail address, or a name and one, such as Evergrant <evergrant@example.com>.",
    );
  }
  return { server, from, operators: addresses(operators) };
}

function missing(name: string): StartError {
  return new StartError(
    "settings",
    `${name} is missing. Mail needs EVERGRANT_SMTP_URL and EVERGRANT_MAIL_FROM, and EVERGRANT_NOTIFY_EMAIL to write to the operators.`,
  );
}

function serverSource(env: MailEnvironment, allowedPrivateHosts: readonly string[]): MailServerSource | null {
  const { EVERGRANT_SMTP_URL: url, EVERGRANT_SMTP_URL_FILE: path } = env;
  if (url !== undefined && path !== undefined) {
    throw new StartError("settings", "EVERGRANT_SMTP_URL and EVERGRANT_SMTP_URL_FILE are both set. Keep one of them.");
  }
  if (path !== undefined) return { kind: "file", path: resolve(path) };
  if (url === undefined) return null;
  if (parseSmtpUrl(url, allowedPrivateHosts)) return { kind: "value", url: secret(url) };
  throw new StartError(
    "settings",
    "EVERGRANT_SMTP_URL: has to be like smtps://user:password@mail.example.com, or smtp:// for STARTTLS, with special characters percent-encoded.",
  );
}

function isSender(text: string): boolean {
  const [, inside = text] = /^[^<>\r\n]{1,100}<([^<>]+)>$/.exec(text) ?? [];
  return isEmail(inside);
}

function addresses(text: string): string[] {
  const found = text
    .split(",")
    .map((each) => each.trim())
    .filter((each) => each !== "");
  if (found.every(isEmail)) return found;
  throw new StartError("settings", "EVERGRANT_NOTIFY_EMAIL: has to be e-mail addresses, separated by commas.");
}
