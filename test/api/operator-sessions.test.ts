import { describe, expect, test } from "vitest";
import { HOUR, MINUTE } from "../../src/runtime/clock.ts";
import { createApi } from "../stage/api.ts";
import { openStage, type Stage, type StageOptions } from "../stage/stage.ts";

interface Browser {
  id: string;
  /** The whole `Set-Cookie` header. */
  set: string;
  cookie: string;
  csrf: string;
  send(method: string, path: string, headers?: Record<string, string>, body?: object): Promise<Response>;
}

/** A browser on a page of ours, which sends what browsers send. */
async function signIn(stage: Stage, key = stage.adminKey): Promise<Browser> {
  const opened = await createApi(stage.service.url, key)("POST", "/v1/operator-sessions");
  expect([opened.status, opened.headers.get("cache-control")]).toEqual([201, "no-store"]);
  const [set = ""] = opened.headers.getSetCookie();
  const [cookie = ""] = set.split(";");
  const send: Browser["send"] = (method, path, headers = {}, body) => {
    const type = body && { "content-type": "application/json" };
    const all = { cookie, connection: "close", "sec-fetch-site": "same-origin", ...type, ...headers };
    return fetch(stage.service.url + path, { method, headers: all, ...(body && { body: JSON.stringify(body) }) });
  };
  return { id: opened.at("id"), csrf: opened.at("csrf_token"), set, cookie, send };
}

async function open(options?: StageOptions) {
  const stage = await openStage(options);
  return { stage, browser: await signIn(stage) };
}

const KEY = { name: "made in a browser", scopes: ["token:read"] };

describe("a signed-in browser", () => {
  test("does what the key may, and what it changes is written down as done by the session", async () => {
    const { stage, browser } = await open();
    expect((await browser.send("GET", "/v1/connections")).status).toBe(200);
    const made = await browser.send("POST", "/v1/api-keys", { "x-csrf-token": browser.csrf }, KEY);
    expect(made.status).toBe(201);
    const { body } = await stage.api("GET", "/v1/audit?limit=2");
    expect(body).toMatchObject({
      entries: [
        { act: "api_key.created", actor: { kind: "operator_session", id: browser.id } },
        { act: "operator_session.opened", object: browser.id, actor: { kind: "api_key" } },
      ],
    });
  });

  test("has a cookie that no script reads and no other site sends, and of which the database has a hash", async () => {
    const { stage, browser } = await open();
    expect(browser.set).toMatch(
      /^evergrant_operator=ops_\w{26}\.[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Max-Age=43200$/,
    );
    const secure = await signIn(await openStage({ publicUrl: "https://evergrant.example" }));
    expect(secure.set).toMatch(
      /^__Host-evergrant_operator=\S+; Path=\/; HttpOnly; SameSite=Strict; Secure; Max-Age=43200$/,
    );
    expect(stage.log.join("")).not.toContain(browser.cookie.slice(-43));
  });

  test("learns its CSRF token anew, and which sessions there are", async () => {
    const { stage, browser } = await open();
    await stage.clock.advance(1);
    const other = await signIn(stage);
    const listed = await browser.send("GET", "/v1/operator-sessions");
    expect(await listed.json()).toMatchObject({
      csrf_token: browser.csrf,
      operator_sessions: [
        { id: browser.id, current: true, from: "127.0.0.1", api_key: expect.stringMatching(/^key_/) },
        { id: other.id, current: false },
      ],
    });
    const withKey = await stage.api("GET", "/v1/operator-sessions");
    expect(withKey.body).toMatchObject({ csrf_token: null });
    expect(withKey.text).not.toContain(browser.csrf);
  });

  test("opens no other session, also not with its token", async () => {
    const { browser } = await open();
    const refused = await browser.send("POST", "/v1/operator-sessions", { "x-csrf-token": browser.csrf });
    expect([refused.status, refused.headers.getSetCookie()]).toEqual([403, []]);
  });
});

describe("what changes something", () => {
  test.each([
    ["without a token", {}],
    ["with an empty token", { "x-csrf-token": "" }],
    ["with another token", { "x-csrf-token": "x".repeat(43) }],
  ])("is refused %s", async (_name, headers) => {
    const { stage, browser } = await open();
    expect((await browser.send("POST", "/v1/api-keys", headers, KEY)).status).toBe(403);
    expect((await stage.api("GET", "/v1/api-keys")).text).not.toContain(KEY.name);
  });

  test("is refused with the token of another session", async () => {
    const { stage, browser } = await open();
    const other = await signIn(stage);
    const refused = await browser.send("POST", "/v1/api-keys", { "x-csrf-token": other.csrf }, KEY);
    expect(refused.status).toBe(403);
  });

  test.each([
    ["another site", { "sec-fetch-site": "cross-site" }, 403],
    ["another host of the same site", { "sec-fetch-site": "same-site" }, 403],
    ["an address that was typed in", { "sec-fetch-site": "none" }, 403],
    ["another origin", { origin: "https://evil.example" }, 403],
    ["an origin that is hidden", { origin: "null" }, 403],
    ["our page", { "sec-fetch-site": "same-origin" }, 201],
  ])("from %s: with the right token too", async (_name, headers, expected) => {
    const { browser } = await open();
    const sent = await browser.send("POST", "/v1/api-keys", { "x-csrf-token": browser.csrf, ...headers }, KEY);
    expect(sent.status).toBe(expected);
  });

  test("is taken from a browser that tells the origin alone, and refused from one that tells nothing", async () => {
    const { stage, browser } = await open();
    const plain = (headers: Record<string, string>) =>
      fetch(`${stage.service.url}/v1/operator-sessions/ops_none`, {
        method: "DELETE",
        headers: { cookie: browser.cookie, "x-csrf-token": browser.csrf, connection: "close", ...headers },
      });
    expect((await plain({ origin: stage.settings.publicUrl })).status).toBe(404);
    expect((await plain({})).status).toBe(403);
  });
});

test("another site cannot make a browser read either", async () => {
  const { browser } = await open();
  const read = async (site: string) =>
    (await browser.send("GET", "/v1/connections", { "sec-fetch-site": site })).status;
  expect([await read("cross-site"), await read("same-site"), await read("none")]).toEqual([403, 403, 200]);
});

async function status(browser: Browser): Promise<number> {
  return (await browser.send("GET", "/v1/connections")).status;
}

describe("a session is over", () => {
  test("when its browser signs out, which forgets the cookie", async () => {
    const { browser } = await open();
    const path = `/v1/operator-sessions/${browser.id}`;
    const ended = await browser.send("DELETE", path, { "x-csrf-token": browser.csrf });
    expect([ended.status, ended.headers.getSetCookie()]).toEqual([
      204,
      ["evergrant_operator=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0"],
    ]);
    expect(await status(browser)).toBe(401);
  });

  test("when another administrator ends it, and no other is", async () => {
    const { stage, browser } = await open();
    const other = await signIn(stage);
    expect((await stage.api("DELETE", `/v1/operator-sessions/${browser.id}`)).status).toBe(204);
    expect((await stage.api("DELETE", `/v1/operator-sessions/${browser.id}`)).status).toBe(404);
    expect([await status(browser), await status(other)]).toEqual([401, 200]);
  });

  test("when it was not used for an hour, and after twelve in any case", async () => {
    const { stage, browser } = await open();
    const idle = await signIn(stage);
    for (let hour = 0; hour < 12; hour++) {
      await stage.clock.leap(HOUR - MINUTE);
      expect([hour, await status(browser)]).toEqual([hour, 200]);
    }
    expect(await status(idle)).toBe(401);
    await stage.clock.leap(12 * MINUTE);
    expect(await status(browser)).toBe(401);
  });

  test("when the key that it was opened with is revoked", async () => {
    const { stage } = await open();
    const made = await stage.api("POST", "/v1/api-keys", { name: "admin too", scopes: ["admin"] });
    const browser = await signIn(stage, made.at("key"));
    expect(await status(browser)).toBe(200);
    await stage.api("DELETE", `/v1/api-keys/${made.at("id")}`);
    expect(await status(browser)).toBe(401);
  });
});

test("a cookie that is made up or changed opens nothing, and guessing is slow", async () => {
  const { browser } = await open();
  const [, value = ""] = browser.cookie.split("=");
  const changed = `${value.slice(0, -1)}${value.endsWith("A") ? "B" : "A"}`;
  const made = [changed, value.slice(0, 30), `${value}x`, "x", "", "é", value.replace("ops_", "key_")];
  for (const each of made) {
    const cookie = `evergrant_operator=${encodeURIComponent(each)}`;
    expect([each, (await browser.send("GET", "/v1/connections", { cookie })).status]).toEqual([each, 401]);
  }
  const guesses = Array.from({ length: 200 }, () =>
    browser.send("GET", "/v1/connections", { cookie: `evergrant_operator=${changed}` }),
  );
  expect((await Promise.all(guesses)).some((answer) => answer.status === 429)).toBe(true);
});

test("a key that is sent along with a cookie is the one that counts", async () => {
  const { stage, browser } = await open();
  const made = await stage.api("POST", "/v1/api-keys", { name: "reader", scopes: ["connections:read"] });
  const authorization = `Bearer ${made.at("key")}`;
  expect((await browser.send("GET", "/v1/api-keys", { authorization })).status).toBe(403);
  expect((await browser.send("GET", "/v1/api-keys", { authorization: "Bearer x" })).status).toBe(401);
});

test("a key without the scope admin opens none", async () => {
  const { stage } = await open();
  const made = await stage.api("POST", "/v1/api-keys", { name: "x", scopes: ["keys:write", "audit:read"] });
  const refused = await createApi(stage.service.url, made.at("key"))("POST", "/v1/operator-sessions");
  expect([refused.status, refused.headers.getSetCookie()]).toEqual([403, []]);
});
