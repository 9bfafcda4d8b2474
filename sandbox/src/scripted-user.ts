import { createCookieJar, type CookieJar } from "./cookie-jar.ts";

/** A person with a browser, for where there is neither. */
export interface ScriptedUser {
  /**
   * Opens the URL, follows redirects and fills in the sandbox's login and consent pages. On a page that asks before it leads on, with
   * a form that says `data-continue`, presses the button. Resolves with the first page that is neither.
   */
  visit(url: string): Promise<Visit>;
  /** Presses the button of a page whose form has a hidden field of this value, and goes on as after a visit. */
  press(page: Visit, value: string): Promise<Visit>;
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

  function answerTo(page: Page): Request | null {
    return fillIn(page) ?? (page.body.includes("data-continue") ? pressIn(page, "data-continue") : onward(page));
  }

  async function browse(first: Request): Promise<Visit> {
    let page = await open(jar, first);
    for (let submitted = 0; ; submitted += 1) {
      const answer = page.status === 200 ? answerTo(page) : null;
      if (answer === null) return { status: page.status, url: page.url.href, body: page.body };
      if (submitted === formLimit) throw new Error("the pages keep asking the scripted user");
      page = await open(jar, answer);
    }
  }

  function fillIn(page: Page): Request | null {
    const form = /<form [^>]*data-sandbox-page="(login|consent)"/.exec(page.body);
    if (form === null) return null;
    const fields = form[1] === "login" ? { user } : { decision };
    return { url: page.url, method: "POST", body: new URLSearchParams(fields) };
  }

  return {
    visit: (url) => browse({ url: new URL(url), method: "GET", body: null }),
    press: async (page, value) => browse(pressIn({ url: new URL(page.url), body: page.body }, `value="${value}"`)),
  };
}

/** The form of the page that holds the mark. */
function pressIn({ url, body }: Pick<Page, "url" | "body">, mark: string): Request {
  const form = body.match(/<form .*?<\/form>/gs)?.find((text) => text.includes(mark));
  if (form === undefined) throw new Error(`the page has no form with ${mark}`);
  const action = /^<form [^>]*action="([^"]*)"/.exec(form)?.[1];
  const fields = [...form.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)];
  const sent = new URLSearchParams(fields.map(([, name = "", value = ""]): [string, string] => [name, value]));
  return { url: action === undefined ? url : new URL(action, url), method: "POST", body: sent };
}

/** Where a page that comes after a button goes on by itself. */
function onward({ method, url, body }: Page): Request | null {
  const target = /<meta http-equiv="refresh" content="0;url=([^"]*)">/.exec(body)?.[1];
  if (target === undefined || method !== "POST") return null;
  return { url: new URL(target.replaceAll("&amp;", "&"), url), method: "GET", body: null };
}

interface Request {
  url: URL;
  method: string;
  body: URLSearchParams | null;
}

interface Page {
  /** How it was asked for. */
  method: string;
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
      return { method: next.method, status: response.status, url: next.url, body: await response.text() };
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
