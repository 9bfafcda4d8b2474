import type { ErrorCode } from "../runtime/service-error.ts";
import type { Locale } from "./locales/locale.ts";

/** What the user is told of a problem; and, where that says more, the sentence that is for whoever helps. */
export function problemText(
  { problems }: Locale,
  { code, detail }: { code: ErrorCode; detail: string },
): { text: string[]; detail: string | null } {
  const isKnown = (name: string): name is keyof typeof problems => Object.hasOwn(problems, name);
  return { text: [problems[isKnown(code) ? code : "other"]], detail: SAY_ALL.has(code) ? null : detail };
}

const SAY_ALL: ReadonlySet<ErrorCode> = new Set([
  "connect_session_expired",
  "connection_disconnected",
  "access_denied",
]);
