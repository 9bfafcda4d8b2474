import { PageError } from "./page-error.ts";

/** Where the page after this one is; undefined or null after the last. */
export type NextPage<Page> = (
  page: Page,
  at: { readonly url: URL; readonly response: Response },
) => string | URL | null | undefined;

export interface PagesOptions<Page> {
  /** Gets a page: `connection.fetch`, so that the listing outlives its tokens. */
  readonly fetch: (url: URL, init: { signal?: AbortSignal }) => Promise<Response>;
  /** `nextUrl`, `pageToken`, `nextLink`, or a function for another way. */
  readonly next: NextPage<Page>;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The pages of a listing, one after another, as JSON. Each page is a request of its own: it has a token that works, and a 401 repeats that
 * page only. Stops with `PageError` at an answer that is no page, and at a next page that would take the token to another origin.
 */
export async function* pages<Page>(first: string | URL, options: PagesOptions<Page>): AsyncGenerator<Page, void, void> {
  const { fetch: get, next, signal } = options;
  let url: URL | undefined = new URL(first);
  while (url !== undefined) {
    const response = await get(url, signal === undefined ? {} : { signal });
    const page = await readPage<Page>(response, url);
    yield page;
    url = following(next(page, { url, response }), url);
  }
}

/** The shape of a page is the caller's to know. */
async function readPage<Page>(response: Response, url: URL): Promise<Page> {
  if (!response.ok) {
    await response.body?.cancel().catch(() => undefined);
    throw new PageError(`The listing stopped: the API answered ${response.status}.`, url, response.status);
  }
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new PageError("The listing stopped: the API answered something that is not JSON.", url, response.status);
  }
}

function following(next: string | URL | null | undefined, url: URL): URL | undefined {
  if (next === null || next === undefined || next === "") return undefined;
  if (!URL.canParse(String(next), url.href)) {
    throw new PageError("The listing stopped: its next page has no valid address.", url);
  }
  const to = new URL(next, url);
  if (to.origin !== url.origin) throw new PageError("The listing stopped: its next page is at another origin.", url);
  if (to.href === url.href) throw new PageError("The listing stopped: its next page is the same page again.", url);
  return to;
}
