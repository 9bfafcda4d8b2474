import { describe, expect, it } from "vitest";
import { nextLink, nextUrl, pages, pageToken } from "../src/index.ts";
import type { NextPage } from "../src/index.ts";
import { startApi } from "./api.ts";
import { caught } from "./caught.ts";
import { startEvergrantService } from "./evergrant-service.ts";

const BEARER = /^Bearer at-(\d+)-/;

/** A listing of three pages, one of whose answers is given by `page`. */
async function start(page: (number: number, url: string) => { json: unknown; link?: string }) {
  const [service, api] = await Promise.all([startEvergrantService(), startApi()]);
  api.instead = (response, { path = "", headers }) => {
    const generation = Number(BEARER.exec(headers.authorization ?? "")?.[1]);
    if (generation < api.takesFrom) return void response.writeHead(401).end();
    const number = Number(new URL(path, api.url).searchParams.get("page") ?? "1");
    const { json, link } = page(number, api.url);
    response.writeHead(200, link === undefined ? {} : { link }).end(JSON.stringify(json));
  };
  const list = async (next: NextPage<unknown>, first = `${api.url}/items?size=2`) => {
    const seen: unknown[] = [];
    for await (const each of pages(first, { fetch: service.connect().fetch, next })) {
      seen.push(each);
      // A token ends after each page.
      api.takesFrom++;
    }
    return seen;
  };
  return { service, api, list };
}

describe("pages", () => {
  it.each<[string, NextPage<unknown>, (next: string) => { json: object; link?: string }]>([
    ["a field", nextUrl("@odata.nextLink"), (next) => ({ json: { "@odata.nextLink": next } })],
    ["a field in a field", nextUrl("paging.next.link"), (next) => ({ json: { paging: { next: { link: next } } } })],
    [
      "a token",
      pageToken({ field: "nextPageToken", parameter: "page" }),
      (next) => ({ json: { nextPageToken: Number(next.at(-1)) } }),
    ],
    [
      "a link",
      nextLink,
      (next) => ({ json: {}, link: `</a,b>; rel="prev"; title="x, y", <${next}>; title="n"; rel="last next"` }),
    ],
    ["a bare link", nextLink, (next) => ({ json: {}, link: `<${next}>; rel=next` })],
  ])("follow %s, and a 401 repeats that page only", async (_, next, shape) => {
    const { api, service, list } = await start((number, url) => {
      const { json, link } = shape(`${url}/items?size=2&page=${number + 1}`);
      return number < 3 ? { json: { ...json, number }, ...(link !== undefined && { link }) } : { json: { number } };
    });
    expect(await list(next)).toMatchObject([{ number: 1 }, { number: 2 }, { number: 3 }]);
    expect(api.calls.map(({ path }) => path)).toEqual(
      [1, 2, 2, 3, 3].map((n) => (n === 1 ? "/items?size=2" : `/items?size=2&page=${n}`)),
    );
    expect(service.reports).toHaveLength(2);
  });

  it.each<[string, string | null]>([
    ["an empty text", ""],
    ["null", null],
  ])("end where the next one is %s", async (_, next) => {
    const { list } = await start(() => ({ json: { next } }));
    expect(await list(nextUrl("next"))).toHaveLength(1);
    expect(await list(pageToken({ field: "next", parameter: "page" }))).toHaveLength(1);
  });

  it.each([
    ["https://elsewhere.test/items", "at another origin"],
    ["http://[", "no valid address"],
    ["/items?size=2", "the same page again"],
  ])("stop where the next one is %s", async (next, message) => {
    const { api, list } = await start(() => ({ json: { next } }));
    expect(await caught(list(nextUrl("next")))).toMatchObject({
      name: "PageError",
      message: expect.stringContaining(message),
    });
    expect(api.calls).toHaveLength(1);
  });

  it("stop at an answer that is no page", async () => {
    const { api, list } = await start(() => ({ json: {} }));
    api.instead = (response) => void response.writeHead(503).end("busy");
    expect(await caught(list(nextLink))).toMatchObject({ name: "PageError", status: 503 });
    api.instead = (response) => void response.end("<html>");
    expect(await caught(list(nextLink))).toMatchObject({ name: "PageError", status: 200 });
  });

  it("stop when the caller does", async () => {
    const { api, service } = await start(() => ({ json: { next: "?page=2" } }));
    const { fetch } = service.connect();
    const signal = AbortSignal.abort(new Error("enough"));
    const all = pages(`${api.url}/items`, { fetch, next: nextUrl("next"), signal });
    expect(await caught(all.next())).toMatchObject({ message: "enough" });
    expect(api.calls).toEqual([]);
  });
});
