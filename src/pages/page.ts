import type { FastifyReply } from "fastify";

/** A page for a person: what happened, and what to do. Works without script. */
export interface Page {
  status: number;
  title: string;
  /** Paragraphs of plain text. */
  text: readonly string[];
  tone: "good" | "bad" | "waiting";
}

const STYLE = `
:root{color-scheme:light dark;--ink:#16202c;--paper:#fff;--ground:#f2f5f3;--good:#1a7f4b;--bad:#b3372b;--waiting:#8a6100}
@media(prefers-color-scheme:dark){:root{--ink:#e8eef0;--paper:#18211d;--ground:#0e1512;--good:#5fd39a;--bad:#ff8d80;--waiting:#f0c25a}}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--ground);color:var(--ink);font:17px/1.5 system-ui,sans-serif}
main{background:var(--paper);max-width:30rem;margin:1rem;padding:2rem;border-radius:12px;border-top:5px solid var(--tone)}
h1{font-size:1.4rem;margin:0 0 .5rem}p{margin:.6rem 0 0}footer{margin-top:1.5rem;font-size:.85rem;opacity:.7}
.good{--tone:var(--good)}.bad{--tone:var(--bad)}.waiting{--tone:var(--waiting)}`;

/** No script, no frame, no foreign resource, and no address of this page to anybody (it may hold a one-time value). */
const HEADERS = {
  "content-security-policy":
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "referrer-policy": "no-referrer",
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

export function sendPage(reply: FastifyReply, page: Page): FastifyReply {
  return shielded(reply).status(page.status).type("text/html; charset=utf-8").send(render(page));
}

/** Sends the browser on; the address that it leaves is not told. */
export function sendAway(reply: FastifyReply, url: string): FastifyReply {
  return shielded(reply).redirect(url, 302);
}

/** With what every answer to a browser carries, whatever else is in it. */
export function shielded(reply: FastifyReply): FastifyReply {
  return reply.headers(HEADERS);
}

function render({ title, text, tone }: Page): string {
  const refresh = tone === "waiting" ? `<meta http-equiv="refresh" content="1">` : "";
  const paragraphs = text.map((paragraph) => `<p>${escapeHtml(paragraph)}</p>`).join("");
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">${refresh}<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body><main class="${tone}"><h1>${escapeHtml(title)}</h1>${paragraphs}<footer>Evergrant keeps OAuth connections alive.</footer></main></body></html>`;
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
