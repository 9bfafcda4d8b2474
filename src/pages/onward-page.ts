import type { Locale } from "./locales/locale.ts";
import type { Page } from "./page.ts";

/** Leads on by itself, and by a link where a browser does not. */
export function onwardPage(locale: Locale, url: string): Page {
  const { title, text, link } = locale.onward;
  return { status: 200, title, text: [text], tone: "waiting", locale, onwardTo: url, link: { path: url, text: link } };
}
