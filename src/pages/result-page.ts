import type { ConnectSession } from "../connect/connect-session.ts";
import type { Outcome } from "../connect/outcome.ts";
import type { Locale } from "./locales/locale.ts";
import type { Page } from "./page.ts";
import { problemText } from "./problem-text.ts";
import { fill } from "./words.ts";

/** What a browser sends to say what becomes of another account. */
export interface DecisionForm {
  /** A path of this service. */
  path: string;
  confirmation: string;
}

/** What came of a sign-in. */
export function resultPage(locale: Locale, session: ConnectSession, outcome: Outcome, form: DecisionForm): Page {
  const { result } = locale;
  const { status, problem } = session;
  const page = { status: 200, locale };
  if (status === "exchanging") return { ...page, ...told(result.waiting), tone: "waiting" };
  if (status === "switching") return askPage(locale, session, form);
  if (problem?.code === "account_mismatch") return refusedPage(locale, session, outcome, form);
  if (status === "failed") {
    const text = problem ? problemText(locale, problem) : { text: [result.failed.text] };
    return { ...page, title: result.failed.title, ...text, status: 400, tone: "bad" };
  }
  if (problem) {
    const { text, detail } = problemText(locale, problem);
    const { title, text: first } = problem.code === "scope_insufficient" ? result.partly : result.briefly;
    return { ...page, title, text: [first, ...text], detail, tone: "bad" };
  }
  return { ...page, ...told(outcome.isHealed ? result.healed : result.connected), tone: "good" };
}

function told({ title, text }: { title: string; text: string }): { title: string; text: string[] } {
  return { title, text: [text] };
}

/** Nothing is stored before the person has said so. */
function askPage(locale: Locale, session: ConnectSession, form: DecisionForm): Page {
  const { ask } = locale.otherAccount;
  const names = namesIn(locale, session);
  return {
    status: 200,
    title: ask.title,
    text: [fill(ask.given, names), fill(ask.consequence, names)],
    tone: "waiting",
    isStill: true,
    locale,
    button: { path: form.path, text: fill(ask.switch, names), fields: fieldsOf(form, "switch") },
    otherButton: { path: form.path, text: fill(ask.keep, names), fields: fieldsOf(form, "keep") },
  };
}

function refusedPage(locale: Locale, session: ConnectSession, { provider }: Outcome, form: DecisionForm): Page {
  const { title, given, unknown, kept, signOut, again } = locale.otherAccount;
  const names = { ...namesIn(locale, session), provider };
  return {
    status: 400,
    title,
    text: [fill(session.problem?.accounts?.given ? given : unknown, names), kept, fill(signOut, names)],
    tone: "bad",
    locale,
    button: { path: form.path, text: fill(again, names), fields: fieldsOf(form, "again") },
  };
}

function namesIn(
  { anAccount, anotherAccount }: Locale,
  { problem }: ConnectSession,
): { account: string; other: string } {
  const { expected = null, given = null } = problem?.accounts ?? {};
  return { account: expected ?? anAccount, other: given ?? anotherAccount };
}

function fieldsOf({ confirmation }: DecisionForm, decision: string): Record<string, string> {
  return { confirmation, decision };
}
