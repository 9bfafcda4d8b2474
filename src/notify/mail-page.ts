import { FOOTER, type MailText } from "./mail-text.ts";

/** A mail in its two forms, which say the same. Neither loads anything from anywhere. */
export function mailForms(mail: MailText): { subject: string; text: string; html: string } {
  return { subject: `[Evergrant] ${oneLine(mail.subject)}`, text: plain(mail), html: page(mail) };
}

function plain({ paragraphs, lists }: MailText): string {
  const sections = lists.map(({ title, rows }) =>
    [title, ...rows.map(([name, value]) => `  ${name}: ${value}`)].join("\n"),
  );
  return `${[...paragraphs, ...sections, `-- \n${FOOTER}`].join("\n\n")}\n`;
}

/** Readable in light and dark, at any size, and by a screen reader: headings, and tables with headings of their rows. */
const STYLE = `:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:0 auto;padding:1em;color:#1a1a1a;background:#fff}
h1{font-size:1.25em}h2{font-size:1em;margin:1.5em 0 .25em}
th{text-align:left;font-weight:normal;padding-right:1.5em;vertical-align:top}td{overflow-wrap:anywhere}
footer{margin-top:2em;font-size:.875em;color:#595959}
@media (prefers-color-scheme:dark){body{color:#eee;background:#161616}footer{color:#b0b0b0}}`;

function page({ subject, paragraphs, lists }: MailText): string {
  const sections = lists.map(
    ({ title, rows }) =>
      `<h2>${escape(title)}</h2><table>${rows
        .map(([name, value]) => `<tr><th scope="row">${escape(name)}</th><td>${escape(value)}</td></tr>`)
        .join("")}</table>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark"><title>${escape(subject)}</title><style>${STYLE}</style></head>
<body><main><h1>${escape(subject)}</h1>
${[...paragraphs.map((text) => `<p>${escape(text)}</p>`), ...sections].join("\n")}
</main><footer>${escape(FOOTER)}</footer></body></html>
`;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escape(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
