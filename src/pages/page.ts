import type { FastifyReply } from "fastify";
import { en } from "./locales/en.ts";
import type { Locale } from "./locales/locale.ts";
import type { Words } from "./words.ts";

/** A page for a person: what happened, and what to do. Works without script. */
export interface Page {
  status: number;
  title: string;
  /** Paragraphs of plain text. */
  text: readonly Words[];
  /** In English: what helps whoever is asked for help. */
  detail?: string | null;
  /** A page that is waiting shows itself again, until there is something else to see. */
  tone: "good" | "bad" | "waiting";
  /** It waits for the person, and does not show itself again. */
  isStill?: boolean;
  /** The language; English without one. */
  locale?: Pick<Locale, "tag" | "dir" | "footer">;
  /** Where a person can go on: an address of this service, or one that it was given to return to. */
  link?: { path: string; text: string };
  /** Something that a person can do here. */
  button?: Button;
  /** What the person can do instead. */
  otherButton?: Button;
  /** Such an address to which the browser goes on by itself, as from a page of ours. */
  onwardTo?: string;
}

export interface Button {
  /** A path of this service that does it; null: that of the page. */
  path: string | null;
  text: Words;
  fields: Readonly<Record<string, string>>;
  /** It leads on to where the person wanted to go. */
  continues?: boolean;
}

/**
 * Nothing moves, so nothing has to stand still for whoever asks for that. Where colours are forced, borders and outlines stay. Sides
 * are those of the text, so that a page reads the same from right to left.
 */
const STYLE = `
:root{color-scheme:light dark;--ink:#16202c;--soft:#4d5a66;--paper:#fff;--ground:#f2f5f3;--line:#7c8791;--good:#1a7f4b;--bad:#b3372b;--waiting:#8a6100;--act:#14532d;--on-act:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e8eef0;--soft:#a9b6b0;--paper:#18211d;--ground:#0e1512;--line:#7f8c86;--good:#5fd39a;--bad:#ff8d80;--waiting:#f0c25a;--act:#5fd39a;--on-act:#0e1512}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--ground);color:var(--ink);font:1.0625rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
main{background:var(--paper);inline-size:min(100% - 2rem,32rem);margin:1rem;padding:clamp(1.25rem,6vw,2rem);border-radius:12px;border-block-start:5px solid var(--tone)}
h1{font-size:1.4rem;line-height:1.25;margin:0 0 .75rem}p{margin:.6rem 0 0}form{margin:1rem 0 0}bdi{font-weight:600}a{color:inherit}
button{font:inherit;font-weight:600;inline-size:100%;min-block-size:3rem;padding:.6rem 1rem;border:2px solid var(--act);border-radius:8px;background:var(--act);color:var(--on-act);overflow-wrap:anywhere;cursor:pointer}
.other button{background:transparent;border-color:var(--line);color:var(--ink)}form+form{margin-block-start:.6rem}
a:focus-visible,button:focus-visible{outline:3px solid var(--ink);outline-offset:3px}
.detail,footer{color:var(--soft);font-size:.875rem}footer{margin-block-start:1.5rem}
.good{--tone:var(--good)}.bad{--tone:var(--bad)}.waiting{--tone:var(--waiting)}`;

const policyFor = (forms: "'none'" | "'self'"): string =>
  `default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action ${forms}`;

/** No script, no frame, no foreign resource, and no address of this page to anybody (it may hold a one-time value). */
const HEADERS = {
  "content-security-policy": policyFor("'none'"),
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** A browser that may tell its address to nobody hides from us too where a form comes from (Fetch §3.1), so it tells us alone. */
const FORM_HEADERS = { "content-security-policy": policyFor("'self'"), "referrer-policy": "same-origin" };

export function sendPage(reply: FastifyReply, page: Page): FastifyReply {
  shielded(reply);
  if (page.button) void reply.headers(FORM_HEADERS);
  return reply.status(page.status).type("text/html; charset=utf-8").send(render(page));
}

/** Sends the browser on; the address that it leaves is not told. */
export function sendAway(reply: FastifyReply, url: string, status: 302 | 303 = 302): FastifyReply {
  return shielded(reply).redirect(url, status);
}

/** What precedes the paths of the service where a browser reaches it: a proxy in front may have put it under a path. */
export function pathOf(publicUrl: string): string {
  return new URL(publicUrl).pathname.replace(/\/$/, "");
}

/** With what every answer to a browser carries, whatever else is in it. */
export function shielded(reply: FastifyReply): FastifyReply {
  return reply.headers(HEADERS);
}

function render(page: Page): string {
  const { title, text, tone, locale = en } = page;
  const paragraphs = text.map((paragraph) => `<p>${wordsOf(paragraph)}</p>`).join("");
  const rest = detailOf(page) + linkOf(page) + buttonOf(page.button, "") + buttonOf(page.otherButton, ` class="other"`);
  return `<!doctype html><html lang="${locale.tag}" dir="${locale.dir}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">${refreshOf(page)}<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body><main class="${tone}"><h1>${escapeHtml(title)}</h1>${paragraphs}${rest}<footer>${escapeHtml(locale.footer)}</footer></main></body></html>`;
}

/** A name is kept apart, so that its direction does not turn the sentence around it. */
function wordsOf(words: Words): string {
  if (typeof words === "string") return escapeHtml(words);
  return words
    .map((part) => (typeof part === "string" ? escapeHtml(part) : `<bdi>${escapeHtml(part.name)}</bdi>`))
    .join("");
}

function detailOf({ detail }: Page): string {
  return detail ? `<p class="detail" lang="en" dir="ltr">${escapeHtml(detail)}</p>` : "";
}

function refreshOf({ tone, onwardTo, isStill }: Page): string {
  if (onwardTo !== undefined) return `<meta http-equiv="refresh" content="0;url=${escapeHtml(onwardTo)}">`;
  return tone === "waiting" && !isStill ? `<meta http-equiv="refresh" content="1">` : "";
}

function linkOf({ link }: Page): string {
  return link ? `<p><a href="${escapeHtml(link.path)}">${escapeHtml(link.text)}</a></p>` : "";
}

function buttonOf(button: Button | undefined, attributes: string): string {
  if (!button) return "";
  const fields = Object.entries(button.fields).map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  const action = button.path === null ? "" : ` action="${escapeHtml(button.path)}"`;
  const mark = button.continues ? " data-continue" : "";
  return `<form method="post"${action}${mark}${attributes}>${fields.join("")}<button>${wordsOf(button.text)}</button></form>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
