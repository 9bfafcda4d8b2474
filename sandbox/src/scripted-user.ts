import { createCookieJar, type CookieJar } from "./cookie-jar.ts";

/** A person with a browser, for where there is neither. */
export interface ScriptedUser {
  /**
   * Opens the URL, follows redirects and fills in the sandbox's login and consent pages.
   * Resolves with the first page that is not the sandbox's.
   */
  visit(url: string): Promise<Visit>;
}

export interface Visit {
  status: number;
  /** Where the user ended up. */
  url: string;
  body: string;
}

interface ScriptedUserOptions {
  user: string;
  /** What the user says on the consent page; allow unless given. */
  decision?: "allow" | "deny";
}

/** Keeps its cookies from one visit to the next. */
export function createScriptedUser({ user, decision = "allow" }: ScriptedUserOptions): ScriptedUser {
  const jar = createCookieJar();

  function fillIn(page: Page): Request | null {
    const form = /<form [^>]*data-sandbox-page="(login|consent)"/.exec(page.body);
    if (form === null) return null;
    const fields = form[1] === "login" ? { user } : { decision };
    return { url: page.url, method: "POST", body: new URLSearchParams(fields) };
  }

  return {
    visit: async (url) => {
      let page = await open(jar, { url: new URL(url), method: "GET", body: null });
      for (let submitted = 0; ; submitted += 1) {
        const answer = page.status === 200 ? fillIn(page) : null;
        if (answer === null) return { ...page, url: page.url.href };
        if (submitted === formLimit) throw new Error("the sandbox keeps asking the scripted user");
        page = await open(jar, answer);
      }
    },
  };
}

interface Request {
  url: URL;
  method: string;
  body: URLSearchParams | null;
}

interface Page {
  status: number;
  url: URL;
  body: string;
}

const redirectLimit = 20;
/** A login and a consent page are all there is to an authorization; an application may well ask for a few in a row. */
const formLimit = 10;

async function open(jar: CookieJar, request: Request): Promise<Page> {
  let next = request;
  for (let redirects = 0; redirects <= redirectLimit; redirects += 1) {
    const response = await send(jar, next);
    const location = response.headers.get("location");
    if (response.status < 300 || response.status > 399 || location === null) {
      return { status: response.status, url: next.url, body: await response.text() };
    }
    await response.arrayBuffer();
    next = redirected(next, response.status, new URL(location, next.url));
  }
  throw new Error(`more than ${redirectLimit} redirects`);
}

async function send(jar: CookieJar, { url, method, body }: Request): Promise<Response> {
  const cookie = jar.header(url);
  const headers = { accept: "text/html", ...(cookie !== null && { cookie }) };
  const response = await fetch(url, { method, body, headers, redirect: "manual" });
  jar.store(url, response.headers.getSetCookie());
  return response;
}

/** RFC 9110 §15.4: 307 and 308 repeat the request, the others go on with GET. */
function redirected(request: Request, status: number, url: URL): Request {
  return status === 307 || status === 308 ? { ...request, url } : { url, method: "GET", body: null };
}
