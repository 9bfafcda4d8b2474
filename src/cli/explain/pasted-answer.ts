import { z } from "zod";

/** A token endpoint's answer as somebody pasted it. */
export interface PastedAnswer {
  /** Null where only a body was pasted. */
  status: number | null;
  /** Names in lower case. */
  headers: Record<string, string>;
  body: string;
  /** Where it came from; null when the text does not say. */
  url: string | null;
}

/** The answers in a HAR file, in a transcript of `curl -i` or `curl -v`, or else the text as the body of one. */
export function readPasted(text: string): PastedAnswer[] {
  return readHar(text) ?? readTranscript(text) ?? [{ status: null, headers: {}, body: text.trim(), url: null }];
}

const har = z.object({
  log: z.object({
    entries: z.array(
      z.object({
        request: z.object({ url: z.string(), postData: z.object({ text: z.string().optional() }).optional() }),
        response: z.object({
          status: z.int(),
          headers: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
          content: z.object({ text: z.string().default(""), encoding: z.string().optional() }),
        }),
      }),
    ),
  }),
});

/** Those of its entries that asked for tokens (RFC 6749 §3.2). */
function readHar(text: string): PastedAnswer[] | null {
  const parsed = har.safeParse(parseJson(text));
  if (!parsed.success) return null;
  return parsed.data.log.entries
    .filter(({ request }) => /\bgrant_type\b/.test(request.postData?.text ?? ""))
    .map(({ request, response: { status, headers, content } }) => ({
      status,
      headers: Object.fromEntries(headers.map(({ name, value }) => [name.toLowerCase(), value])),
      body: content.encoding === "base64" ? Buffer.from(content.text, "base64").toString("utf8") : content.text,
      url: request.url,
    }));
}

/** What curl says of its own begins with a star, what it sent with `>`, and what it heard with `<`. */
function readTranscript(text: string): PastedAnswer[] | null {
  const lines = text.split(/\r?\n/);
  const heard = lines.filter((line) => !/^[*>]( |$)/.test(line)).map((line) => line.replace(/^< ?/, ""));
  // Of several heads, as after `100 Continue` or a redirect, the last one has the answer.
  const start = heard.findLastIndex((line) => STATUS_LINE.test(line));
  const status = STATUS_LINE.exec(heard[start] ?? "")?.[1];
  if (status === undefined) return null;
  const rest = heard.slice(start + 1);
  const end = rest.findIndex((line) => line.trim() === "");
  const head = end < 0 ? rest : rest.slice(0, end);
  const body =
    end < 0
      ? ""
      : rest
          .slice(end + 1)
          .join("\n")
          .trim();
  return [{ status: Number(status), headers: headersOf(head), body, url: urlOf(lines) }];
}

const STATUS_LINE = /^HTTP\/\d(?:\.\d)? (\d{3})\b/;

function headersOf(lines: readonly string[]): Record<string, string> {
  const pairs = lines.map((line) => /^([\w-]+):\s*(.*)$/.exec(line)).filter((match) => match !== null);
  return Object.fromEntries(pairs.map(([, name = "", value = ""]) => [name.toLowerCase(), value]));
}

function urlOf(lines: readonly string[]): string | null {
  const host = lines.map((line) => /^> host:\s*(\S+)/i.exec(line)?.[1]).find((found) => found !== undefined);
  const path = lines.map((line) => /^> [A-Z]+ (\/\S*) HTTP/.exec(line)?.[1]).find((found) => found !== undefined);
  return host === undefined ? null : `https://${host}${path ?? "/"}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
