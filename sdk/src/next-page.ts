import { isJsonObject } from "./json-object.ts";
import type { NextPage } from "./pages.ts";

/** The address of the next page is in a field of the page, such as "@odata.nextLink"; dots lead into objects: "paging.next.link". */
export function nextUrl(field: string): NextPage<unknown> {
  return (page) => fieldOf(page, field);
}

/** A field of the page is a token for the next one, which goes into a parameter of the same address. */
export function pageToken({
  field,
  parameter,
}: {
  readonly field: string;
  readonly parameter: string;
}): NextPage<unknown> {
  return (page, { url }) => {
    const token = fieldOf(page, field);
    if (token === undefined || token === "") return undefined;
    const next = new URL(url);
    next.searchParams.set(parameter, token);
    return next;
  };
}

/** The address of the next page is in the `Link` field of the answer, with the relation "next" (RFC 8288, section 3). */
export const nextLink: NextPage<unknown> = (_page, { response }) => {
  const links = (response.headers.get("link") ?? "").matchAll(
    /<([^>]*)>((?:\s*;\s*[\w*-]+(?:=(?:"[^"]*"|[^\s";,]+))?)*)/g,
  );
  return [...links].find(([, , parameters = ""]) =>
    /;\s*rel=(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next(?![^\s;,]))/i.test(parameters),
  )?.[1];
};

/** A whole name first: "@odata.nextLink" has a dot of its own. */
function fieldOf(page: unknown, field: string): string | undefined {
  if (!isJsonObject(page)) return undefined;
  const own = page[field];
  if (own !== undefined && own !== null)
    return typeof own === "string" || typeof own === "number" ? String(own) : undefined;
  const dot = field.indexOf(".");
  return dot === -1 ? undefined : fieldOf(page[field.slice(0, dot)], field.slice(dot + 1));
}
