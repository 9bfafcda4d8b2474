import type { FastifyReply } from "fastify";

/** A page for a person: what happened, and what to do. Works without script. */
export interface Page {
  status: number;
  title: string;
  /** Paragraphs of plain text. */
  text: readonly string[];
  tone: "good" | "bad" | "waiting";
  /** Where a person can go on: a path of this service. */
  link?: { path: string; text: string };
  /** Something that a person can do here, and a path of this service that does it. */
  button?: { path: string; text: string; fields: Readonly<Record<string, string>> };
  /** A path of this service to which the browser goes on by itself, as from a page of ours. */
  onwardTo?: string;
}

const STYLE = `
:root{color-scheme:light dark;--ink:#16202c;--paper:#fff;--ground:#f2f5f3;--good:#1a7f4b;--bad:#b3372b;--waiting:#8a6100}
@media(prefers-color-scheme:dark){:root{--ink:#e8eef0;--paper:#18211d;--ground:#0e1512;--good:#5fd39a;--bad:#ff8d80;--waiting:#f0c25a}}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--ground);color:var(--ink);font:17px/1.5 system-ui,sans-serif}
main{background:var(--paper);max-width:30rem;margin:1rem;padding:2rem;border-radius:12px;border-top:5px solid var(--tone)}
h1{font-size:1.4rem;margin:0 0 .5rem}p,form{margin:.6rem 0 0}a{color:inherit}button{font:inherit;padding:.3rem .9rem}footer{margin-top:1.5rem;font-size:.85rem;opacity:.7}
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

/** With what every answer to a browser carries, whatever else is in it. */
export function shielded(reply: FastifyReply): FastifyReply {
  return reply.headers(HEADERS);
}

function render(page: Page): string {
  const { title, text, tone } = page;
  const refresh = refreshOf(page);
  const paragraphs =
    text.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`).join("") + linkOf(page) + buttonOf(page);
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">${refresh}<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body><main class="${tone}"><h1>${escapeHtml(title)}</h1>${paragraphs}<footer>Evergrant keeps OAuth connections alive.</footer></main></body></html>`;
}

function refreshOf({ tone, onwardTo }: Page): string {
  if (onwardTo !== undefined) return `<meta http-equiv="refresh" content="0;url=${escapeHtml(onwardTo)}">`;
  return tone === "waiting" ? `<meta http-equiv="refresh" content="1">` : "";
}

function linkOf({ link }: Page): string {
  return link ? `<p><a href="${escapeHtml(link.path)}">${escapeHtml(link.text)}</a></p>` : "";
}

function buttonOf({ button }: Page): string {
  if (!button) return "";
  const fields = Object.entries(button.fields).map(
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  return `<form method="post" action="${escapeHtml(button.path)}">${fields.join("")}<button>${escapeHtml(button.text)}</button></form>`;
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
