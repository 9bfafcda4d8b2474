import type { ServiceError } from "../runtime/service-error.ts";
import type { Locale } from "./locales/locale.ts";
import type { Page } from "./page.ts";
import { problemText } from "./problem-text.ts";

/** What was asked for cannot be shown. */
export function failurePage(locale: Locale, error: ServiceError): Page {
  const { failure } = locale;
  if (error.code === "store_unavailable" || error.code === "key_unavailable") {
    const { title, text } = failure.passing;
    return { status: 503, title, text: [text], tone: "bad", locale };
  }
  const isGone = error.code === "not_found" || error.code === "connection_disconnected";
  const text = problemText(locale, { code: error.code, detail: error.message });
  return { status: isGone ? 404 : 400, title: failure.title, ...text, tone: "bad", locale };
}
