import { describe, expect, test } from "vitest";
import { createCookieJar } from "../src/cookie-jar.ts";
import { createScriptedUser } from "../src/index.ts";
import { startConnectedClient } from "./connected-client.ts";
import { startSite } from "./site.ts";

test("goes from an application through the sandbox and back, with the cookies of each", async () => {
  const { sandbox } = await startConnectedClient();
  const application = await startSite((req, res) => {
    const path = new URL(req.url ?? "", "http://x").pathname;
    if (path === "/connect") {
      const query = new URLSearchParams({
        client_id: "app2",
        response_type: "code",
        redirect_uri: `${application}/callback`,
        scope: "files.read",
      });
      res.setHeader("set-cookie", ["__Host-state=s; Path=/; Secure; HttpOnly", "other=1; Path=/elsewhere"]);
      res.writeHead(302, { location: `${sandbox.url}/authorize?${query}` }).end();
    } else if (path === "/callback") {
      res.writeHead(303, { location: `/done?cookie=${encodeURIComponent(req.headers.cookie ?? "")}` }).end();
    } else {
      res.end(new URL(req.url ?? "", "http://x").searchParams.get("cookie"));
    }
  });
  const redirectUris = [`${application}/callback`];
  await sandbox.control.putClient({ clientId: "app2", clientSecret: "x", redirectUris });
  const user = createScriptedUser({ user: "alice" });
  const visit = await user.visit(`${application}/connect`);
  expect(visit).toMatchObject({ status: 200, body: "__Host-state=s" });
  expect(await user.visit(`${application}/connect`)).toMatchObject({ status: 200 });
});

test("an unknown user does not get in", async () => {
  const client = await startConnectedClient();
  const visit = await client.authorize({}, { user: "mallory" });
  expect(visit.status).toBe(400);
  expect(visit.body).toContain("invalid_request");
});

test("presses the button of a page that asks before it leads on, and follows that, but no other button and no other page", async () => {
  const seen: string[] = [];
  const site = await startSite((req, res) => {
    seen.push(`${req.method} ${req.url}`);
    if (req.method === "POST") res.end('<meta http-equiv="refresh" content="0;url=/next?a=1&amp;b=2">');
    else if (req.url === "/asks") res.end('<form method="post" data-continue><button>Go on</button></form>');
    else res.end('<meta http-equiv="refresh" content="0;url=/never"><form method="post"><button>No</button></form>');
  });
  const visit = await createScriptedUser({ user: "alice" }).visit(`${site}/asks`);
  expect(visit.url).toBe(`${site}/next?a=1&b=2`);
  expect(seen).toEqual(["GET /asks", "POST /asks", "GET /next?a=1&b=2"]);
});

test("presses the button that it is told, with the hidden fields of its form", async () => {
  const site = await startSite((req, res) => {
    let sent = "";
    req.on("data", (chunk: Buffer) => (sent += chunk.toString()));
    req.on("end", () => res.end(`${req.url} ${sent}`));
  });
  const [no, yes] = ["no", "yes"].map(
    (value) =>
      `<form method="post" action="/decide"><input type="hidden" name="t" value="1"><input type="hidden" name="decision" value="${value}"><button>x</button></form>`,
  );
  const page = { status: 400, url: `${site}/page`, body: `${no}${yes}` };
  const user = createScriptedUser({ user: "alice" });
  expect((await user.press(page, "yes")).body).toBe("/decide t=1&decision=yes");
  await expect(user.press(page, "perhaps")).rejects.toThrow('no form with value="perhaps"');
});

test("gives up on endless redirects", async () => {
  const loop = await startSite((_req, res) => res.writeHead(302, { location: "/" }).end());
  await expect(createScriptedUser({ user: "alice" }).visit(loop)).rejects.toThrow("more than 20 redirects");
});

test("307 repeats the request, 303 goes on with GET", async () => {
  const methods: string[] = [];
  const there = await startSite((req, res) => {
    methods.push(`${req.method} ${req.url}`);
    res.end("there");
  });
  const hop = await startSite((req, res) => {
    methods.push(`${req.method} ${req.url}`);
    if (req.url === "/" && req.method === "GET") res.end('<form method="post" data-sandbox-page="login">');
    else if (req.url === "/") res.writeHead(307, { location: "/again" }).end();
    else res.writeHead(303, { location: `${there}/end` }).end();
  });
  const visit = await createScriptedUser({ user: "alice" }).visit(hop);
  expect(visit).toMatchObject({ body: "there", url: `${there}/end` });
  expect(methods).toEqual(["GET /", "POST /", "POST /again", "GET /end"]);
});

describe("the cookie jar", () => {
  const url = new URL("http://127.0.0.1:1/a/b");

  test("keeps cookies apart by origin and path, the longer path first", () => {
    const jar = createCookieJar();
    jar.store(url, ["x=root; Path=/", "x=deep; Path=/a/b", "y=here", "z=far; Path=/c"]);
    expect(jar.header(url)).toBe("x=deep; y=here; x=root");
    expect(jar.header(new URL("http://127.0.0.1:1/ab"))).toBe("x=root");
    expect(jar.header(new URL("http://127.0.0.1:2/a/b"))).toBeNull();
  });

  test("forgets what has expired", () => {
    const jar = createCookieJar();
    jar.store(url, ["a=1; Path=/", "b=1; Path=/", "c=1; Path=/; Max-Age=60"]);
    jar.store(url, ["a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "b=; Path=/; Max-Age=0"]);
    expect(jar.header(url)).toBe("c=1");
  });

  test("takes a __Host- cookie for the whole host only", () => {
    const jar = createCookieJar();
    jar.store(url, ["__Host-a=1; Path=/; Secure", "__Host-b=1; Path=/a; Secure"]);
    expect(jar.header(url)).toBe("__Host-a=1");
  });
});
