import type { Page, Request, Response } from "playwright-core";
import { place, type Search } from "./canary-search.ts";

export interface BrowserWatch {
  /** Where its requests went. */
  origins: Set<string>;
  /** What came back and could not be read any more. */
  lost: string[];
  /** Until everything that was asked for is here; what is under way when a page is left is lost. */
  settle(this: void): Promise<void>;
  /** Keeps what the page shows and stores. */
  keep(this: void, name: string, belongs?: readonly string[]): Promise<void>;
}

/** Secrets that a request or its answer is there for, by method and path. */
export type Carriers = readonly { asked: RegExp; sent?: readonly string[]; answered?: readonly string[] }[];

/** Keeps everything that a page sends, receives, shows, stores and says. */
export async function watchBrowser(
  search: Pick<Search, "places">,
  page: Page,
  carriers: Carriers,
): Promise<BrowserWatch> {
  const origins = new Set<string>();
  const lost: string[] = [];
  const underWay = new Set<Promise<void>>();
  const track = (work: Promise<void>): void => {
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
  };
  page.on("request", (request) => {
    origins.add(new URL(request.url()).origin);
    track(keepRequest(search, request, carriers));
  });
  page.on("response", (response) =>
    track(keepResponse(search, response, carriers).catch(() => void lost.push(response.url()))),
  );
  page.on("console", (message) => place(search, "the console", message.text()));
  page.on("framenavigated", (frame) => place(search, "the history", frame.url()));
  await keepStream(search, page);
  const settle = async (): Promise<void> => {
    while (underWay.size > 0) await Promise.all(underWay);
  };
  return {
    origins,
    lost,
    settle,
    keep: async (name, belongs = []) => {
      await settle();
      place(search, `the page ${name}`, await page.evaluate<string>(SHOWN), belongs);
      place(search, `what ${name} stores`, await page.evaluate<string>(STORED));
    },
  };
}

/** With what stands in the fields, which is in no HTML. */
const SHOWN = `[
  document.documentElement.outerHTML, document.body.innerText, document.title, location.href,
  ...[...document.querySelectorAll("input, textarea, select")].map(({ value }) => value),
].join("\\n")`;

const STORED = `(async () => JSON.stringify([
  { ...localStorage }, { ...sessionStorage }, history.state, document.cookie,
  await caches.keys(), await indexedDB.databases(),
]))()`;

const nameOf = (request: Request): string => `${request.method()} ${new URL(request.url()).pathname}`;

/** The cookie goes along with each; that it is in no other place is what is looked for. */
async function keepRequest(search: Pick<Search, "places">, request: Request, carriers: Carriers): Promise<void> {
  const { cookie: _cookie, ...headers } = await request.allHeaders();
  const name = nameOf(request);
  const text = [request.url(), JSON.stringify(headers), request.postData() ?? ""].join("\n");
  place(search, name, text, carriers.find(({ asked }) => asked.test(name))?.sent);
}

async function keepResponse(search: Pick<Search, "places">, response: Response, carriers: Carriers): Promise<void> {
  const { "set-cookie": _cookie, ...headers } = await response.allHeaders();
  const name = nameOf(response.request());
  const isStream = headers["content-type"]?.startsWith("text/event-stream") === true;
  const hasBody = !isStream && response.status() < 300 && response.status() !== 204;
  const body = hasBody ? await response.text() : "";
  const belongs = carriers.find(({ asked }) => asked.test(name))?.answered;
  place(search, `the answer to ${name}`, JSON.stringify(headers) + body, belongs);
}

/** What is sent by and by comes to no end, so it is taken as it comes. */
async function keepStream(search: Pick<Search, "places">, page: Page): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Network.enable");
  devtools.on("Network.eventSourceMessageReceived", (message) =>
    place(search, "the live stream", JSON.stringify(message)),
  );
}
