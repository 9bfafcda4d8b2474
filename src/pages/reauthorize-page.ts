import type { Reauthorization } from "../connect/reauthorize.ts";
import { actorOf } from "../connection/cause.ts";
import type { Locale } from "./locales/locale.ts";
import type { Page } from "./page.ts";
import { fill, type Words } from "./words.ts";

/** Which account stopped, since when, why and who can help; and a button, where signing in again helps. */
export function reauthorizePage(locale: Locale, asked: Reauthorization): Page {
  const { reauthorize } = locale;
  const { connection, provider, state } = asked;
  const names = {
    account: connection.account?.label ?? locale.anAccount,
    provider: provider.name,
    date: dateIn(locale, connection.statusSince),
  };
  const page = { status: 200, locale };
  if (state === "suspended") {
    const { title, text, wait } = reauthorize.suspended;
    return { ...page, title, text: [fill(text, names), wait], tone: "waiting", isStill: true };
  }
  const button = { path: null, text: fill(reauthorize.button, names), fields: {}, continues: true } as const;
  const choice = asked.account === "may_change" ? [reauthorize.mayChange] : [];
  if (state === "working") {
    const { title, text, next } = reauthorize.working;
    return { ...page, title, text: [fill(text, names), fill(next, names), ...choice], tone: "good", button };
  }
  const text = [fill(reauthorize.stopped, names), ...whyAndWho(locale, asked, names), fill(reauthorize.next, names)];
  return { ...page, title: reauthorize.title, text: [...text, ...choice], tone: "bad", button };
}

function whyAndWho(
  { causes, reauthorize }: Locale,
  { connection: { diagnosis } }: Reauthorization,
  names: Readonly<Record<string, string>>,
): Words[] {
  if (!diagnosis) return [];
  const why = causes[diagnosis.cause];
  const actor = actorOf(diagnosis);
  const who =
    actor === "customer_admin" ? [reauthorize.customerAdmin] : actor === "operator" ? [reauthorize.operator] : [];
  return [...(why === null ? [] : [why]), ...who.map((sentence) => fill(sentence, names))];
}

/** Where the reader is, nobody knows. */
function dateIn({ tag }: Locale, at: number): string {
  return new Intl.DateTimeFormat(tag, { dateStyle: "long", timeZone: "UTC" }).format(at);
}
