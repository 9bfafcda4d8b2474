import fastify from "fastify";
import * as fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { sendAway, sendPage, type Page } from "../../src/pages/page.ts";
import { fill } from "../../src/pages/words.ts";

const PAGE: Page = { status: 200, title: "Connected", text: ["You can close this page."], tone: "good" };

/** A real server that shows one page at `/` and leads away from `/away`. */
async function serve(page: Page, target = "https://as.example/authorize?state=s") {
  const app = fastify();
  app.get("/", (_request, reply) => sendPage(reply, page));
  app.get("/away", (_request, reply) => sendAway(reply, target));
  onTestFinished(() => app.close());
  const url = await app.listen({ port: 0, host: "127.0.0.1" });
  return (path = "/") => fetch(url + path, { redirect: "manual" });
}

async function html(page: Page): Promise<string> {
  return (await (await serve(page))()).text();
}

function tags(text: string): string[] | null {
  return text.match(/<[^>]*>/g);
}

describe("a page", () => {
  test("has its status, and is HTML", async () => {
    const response = await (await serve({ ...PAGE, status: 404 }))();
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toBe("text/html; charset=utf-8");
  });

  test("holds its title and each of its paragraphs", async () => {
    const text = await html({ ...PAGE, text: ["First.", "Second."] });
    expect(text).toContain("<title>Connected</title>");
    expect(text).toContain("<h1>Connected</h1><p>First.</p><p>Second.</p>");
  });

  test("runs no script, loads nothing, posts nothing and is shown in no frame", async () => {
    const { headers } = await (await serve(PAGE))();
    const policy = (headers.get("content-security-policy") ?? "").split(/;\s*/).toSorted();
    expect(policy).toEqual([
      "base-uri 'none'",
      "default-src 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
      "style-src 'unsafe-inline'",
    ]);
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
  });

  test("is kept by nobody, and its address is told to nobody", async () => {
    const { headers } = await (await serve(PAGE))();
    expect([headers.get("cache-control"), headers.get("referrer-policy")]).toEqual(["no-store", "no-referrer"]);
  });

  test.each([
    ["good", false],
    ["bad", false],
    ["waiting", true],
  ] as const)("of tone %s loads itself again: %s", async (tone, reloads) => {
    const text = await html({ ...PAGE, tone });
    expect(text.includes(`<meta http-equiv="refresh" content="1">`)).toBe(reloads);
    expect(text).toContain(`<main class="${tone}">`);
  });
});

describe("a page that goes on", () => {
  const away = `/x"><script>`;

  test("leads to its link, and by itself where that is wanted", async () => {
    const page = { ...PAGE, link: { path: "/a?b=1&c", text: "Go <on>" }, onwardTo: "/a?b=1&c" };
    const text = await html(page);
    expect(text).toContain(`<p><a href="/a?b=1&amp;c">Go &lt;on&gt;</a></p>`);
    expect(text).toContain(`<meta http-equiv="refresh" content="0;url=/a?b=1&amp;c">`);
    expect(await html({ ...page, link: { path: away, text: away }, onwardTo: away })).not.toContain("<script");
  });

  test("posts to us alone, and only where it has a button", async () => {
    const button = { path: "/out", text: "Sign out", fields: { token: "t", [away]: away } };
    const response = await (await serve({ ...PAGE, button }))();
    expect(response.headers.get("content-security-policy")).toMatch(/; form-action 'self'$/);
    // Under no-referrer a browser sends `Origin: null` along with the form.
    expect(response.headers.get("referrer-policy")).toBe("same-origin");
    const text = await response.text();
    expect(text).toContain(`<form method="post" action="/out"><input type="hidden" name="token" value="t">`);
    expect(text).not.toContain("<script");
  });
});

describe("a page that asks", () => {
  const fields = { decision: "yes" };

  test("has both buttons, each with its own fields, and only marks one that leads on", async () => {
    const button = { path: null, text: "Go on", fields: {}, continues: true };
    const text = await html({ ...PAGE, button, otherButton: { path: "/no", text: "No", fields } });
    expect(text).toContain(`<form method="post" data-continue><button>Go on</button></form>`);
    expect(text).toContain(
      `<form method="post" action="/no" class="other"><input type="hidden" name="decision" value="yes"><button>No</button></form>`,
    );
  });

  test("waits without showing itself again", async () => {
    expect(await html({ ...PAGE, tone: "waiting", isStill: true })).not.toContain("http-equiv");
  });
});

describe("a page in another language", () => {
  test("says so, and keeps names and technical details apart", async () => {
    const locale = { tag: "ar", dir: "rtl" as const, footer: "…" };
    const text = await html({ ...PAGE, locale, text: [fill("a {name} b", { name: "<Zoë>" })], detail: "HTTP 500 <" });
    expect(text).toContain(`<html lang="ar" dir="rtl">`);
    expect(text).toContain(`<p>a <bdi>&lt;Zoë&gt;</bdi> b</p>`);
    expect(text).toContain(`<p class="detail" lang="en" dir="ltr">HTTP 500 &lt;</p>`);
  });

  test("is not made without all names", () => {
    expect(() => fill("a {name} b", {})).toThrow("{name}");
  });
});

describe("text on a page", () => {
  test("is text, never markup", async () => {
    const evil = `<script>alert("1")</script>&amp;'`;
    const text = await html({ ...PAGE, title: evil, text: [evil] });
    const escaped = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;amp;&#39;";
    expect(text).not.toContain("<script");
    expect(text.split(escaped)).toHaveLength(4);
  });

  test("brings no element of its own, whatever it is", async () => {
    const page = { ...PAGE, title: "", text: [""] };
    const show = await serve(page);
    const expected = tags(await (await show()).text());
    const property = fc.asyncProperty(fc.string(), fc.string(), async (title, paragraph) => {
      Object.assign(page, { title, text: [paragraph] });
      expect(tags(await (await show()).text())).toEqual(expected);
    });
    await fc.assert(property, { numRuns: 50 });
  });
});

describe("sending a browser away", () => {
  test("leads to the URL, which does not learn where it came from", async () => {
    const response = await (await serve(PAGE))("/away");
    expect([response.status, response.headers.get("location")]).toEqual([302, "https://as.example/authorize?state=s"]);
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    expect(response.headers.get("cache-control")).toBe("no-store");
  });

  test("sets no header by what the URL holds", async () => {
    const response = await (await serve(PAGE, "https://as.example/?a=1\r\nset-cookie: x=1"))("/away");
    expect(response.headers.has("set-cookie")).toBe(false);
  });
});
