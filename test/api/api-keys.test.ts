import { describe, expect, test } from "vitest";
import { parseBlock } from "../../src/access/address-block.ts";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { createApi, type Answer, type Api } from "../stage/api.ts";
import { openStage, type Stage } from "../stage/stage.ts";

interface Key {
  id: string;
  text: string;
  api: Api;
}

async function makeKey(stage: Stage, body: Record<string, unknown> = {}): Promise<Key> {
  const made = await stage.api("POST", "/v1/api-keys", { name: "worker", scopes: ["token:read"], ...body });
  return keyOf(stage, made);
}

function keyOf(stage: Stage, made: Answer): Key {
  expect([made.status, made.headers.get("cache-control")]).toEqual([201, "no-store"]);
  return { id: made.at("id"), text: made.at("key"), api: createApi(stage.service.url, made.at("key")) };
}

async function viewOf(stage: Stage, id: string): Promise<unknown> {
  const { body } = await stage.api("GET", "/v1/api-keys");
  const keys: unknown[] = Reflect.get(body ?? {}, "api_keys");
  return keys.find((key) => Reflect.get(key ?? {}, "id") === id);
}

function at(stage: Stage, milliseconds: number): string {
  return new Date(stage.clock.now() + milliseconds).toISOString();
}

/** Whether an access token was handed out by the quick route, which the framework does not see. */
async function isQuick(stage: Stage, read: () => Promise<unknown>): Promise<boolean> {
  const completed = () =>
    stage.log.filter((line) => line.includes('"route":"/v1/connections/:id/access-token"')).length;
  const before = completed();
  await read();
  return completed() === before;
}

describe("rotating a key", () => {
  test("gives it a successor with all that it has, and both work until the overlap is over", async () => {
    const stage = await openStage();
    const given = { scopes: ["connections:read"], allowed_cidrs: ["127.0.0.0/8"], rate_limit: 9 };
    const old = await makeKey(stage, { ...given, expires_at: at(stage, 30 * DAY) });
    await stage.clock.leap(DAY);
    const made = await old.api("POST", `/v1/api-keys/${old.id}/rotate`, { overlap_seconds: 60 });
    const successor = keyOf(stage, made);
    const ends = { expires_at: at(stage, 30 * DAY), replaces: old.id, replaced_expires_at: at(stage, MINUTE) };
    expect(made.body).toEqual({ id: successor.id, key: successor.text, ...ends });
    expect(await viewOf(stage, old.id)).toMatchObject({
      replaced_by: successor.id,
      replaces: null,
      expires_at: at(stage, MINUTE),
    });
    expect(await viewOf(stage, successor.id)).toMatchObject({
      name: "worker",
      ...given,
      replaces: old.id,
      replaced_by: null,
      expires_at: at(stage, 30 * DAY),
    });
    const statuses = () =>
      Promise.all([old, successor].map(async ({ api }) => (await api("GET", "/v1/connections")).status));
    expect(await statuses()).toEqual([200, 200]);
    await stage.clock.advance(MINUTE);
    expect(await statuses()).toEqual([401, 200]);
  });

  test("without a word of the overlap takes a day, and without one ends it at once", async () => {
    const stage = await openStage();
    const [one, two] = [await makeKey(stage), await makeKey(stage)];
    const { connectionId } = await stage.connect();
    const path = `/v1/connections/${connectionId}/access-token`;
    const rotated = await one.api("POST", `/v1/api-keys/${one.id}/rotate`);
    expect(rotated.body).toMatchObject({ expires_at: null, replaced_expires_at: at(stage, DAY) });
    expect((await two.api("GET", path)).status).toBe(200);
    await stage.api("POST", `/v1/api-keys/${two.id}/rotate`, { overlap_seconds: 0 });
    expect((await two.api("GET", path)).status).toBe(401);
  });

  test("of its own a key may do, of others only one that may write keys and has all their scopes", async () => {
    const stage = await openStage();
    const reader = await makeKey(stage);
    const other = await makeKey(stage, { scopes: ["token:read", "connections:read"] });
    const writer = await makeKey(stage, { scopes: ["keys:write", "token:read"] });
    const asReader = await reader.api("POST", `/v1/api-keys/${other.id}/rotate`, {});
    expect(asReader.body).toMatchObject({ status: 403, detail: expect.stringContaining("keys:write") });
    const beyond = await writer.api("POST", `/v1/api-keys/${other.id}/rotate`, {});
    expect(beyond.body).toMatchObject({ status: 403, detail: expect.stringContaining("connections:read") });
    expect(await viewOf(stage, other.id)).toMatchObject({ replaced_by: null, expires_at: null });
    expect((await writer.api("POST", `/v1/api-keys/${reader.id}/rotate`, {})).status).toBe(201);
    expect((await writer.api("POST", `/v1/api-keys/${writer.id}/rotate`, {})).status).toBe(201);
  });

  test("is done once: one that is on its way out cannot make itself another", async () => {
    const stage = await openStage();
    const key = await makeKey(stage);
    const successor = keyOf(stage, await key.api("POST", `/v1/api-keys/${key.id}/rotate`, {}));
    const again = await key.api("POST", `/v1/api-keys/${key.id}/rotate`, {});
    expect(again.body).toMatchObject({ status: 409, code: "conflict", detail: expect.stringContaining(successor.id) });
    expect((await successor.api("POST", `/v1/api-keys/${successor.id}/rotate`, {})).status).toBe(201);
  });

  test("needs a key that is there and lives, and an overlap of 30 days at most", async () => {
    const stage = await openStage();
    const key = await makeKey(stage);
    for (const overlap of [-1, 2_592_001, 1.5, "60"]) {
      const answer = await key.api("POST", `/v1/api-keys/${key.id}/rotate`, { overlap_seconds: overlap });
      expect([overlap, answer.body]).toMatchObject([overlap, { status: 400, code: "invalid_request" }]);
    }
    await stage.api("DELETE", `/v1/api-keys/${key.id}`);
    expect((await stage.api("POST", `/v1/api-keys/${key.id}/rotate`, {})).status).toBe(404);
    expect((await stage.api("POST", "/v1/api-keys/key_none/rotate", {})).status).toBe(404);
  });
});

describe("a key with addresses", () => {
  test("keeps each block once and in its shortest form", async () => {
    const stage = await openStage();
    const allowed_cidrs = ["10.1.2.3/8", "10.0.0.0/8", "2001:DB8:0::/32", "192.0.2.1", "::ffff:127.0.0.1"];
    const { id } = await makeKey(stage, { allowed_cidrs });
    const kept = ["10.0.0.0/8", "2001:db8::/32", "192.0.2.1/32", "127.0.0.1/32"];
    expect(await viewOf(stage, id)).toMatchObject({ allowed_cidrs: kept });
  });

  test("has 50 at most, and a bad one is named by its place", async () => {
    const stage = await openStage();
    const make = (allowed_cidrs: unknown) =>
      stage.api("POST", "/v1/api-keys", { name: "x", scopes: ["token:read"], allowed_cidrs });
    const bad = await make(["10.0.0.0/8", "10.0.0.0/33"]);
    expect(bad.body).toMatchObject({
      status: 400,
      code: "invalid_request",
      detail: "allowed_cidrs.1: is no block of addresses, such as 10.0.0.0/8 or 2001:db8::/32.",
      problems: [{ path: "allowed_cidrs.1" }],
    });
    expect((await make(Array(51).fill("10.0.0.0/8"))).status).toBe(400);
    expect((await make(Array(50).fill("10.0.0.0/8"))).status).toBe(201);
  });

  test("is refused from elsewhere, on every route, also when it was just used", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    const path = `/v1/connections/${connectionId}/access-token`;
    const here = await makeKey(stage, { allowed_cidrs: ["127.0.0.0/8"] });
    const away = await makeKey(stage, { allowed_cidrs: ["192.0.2.0/24"], scopes: ["admin"] });
    expect([(await here.api("GET", path)).status, (await here.api("GET", path)).status]).toEqual([200, 200]);
    for (const route of [path, "/v1/api-keys"]) {
      const answer = await away.api("GET", route);
      expect(answer.body).toMatchObject({ status: 403, code: "forbidden", detail: expect.stringContaining("address") });
      expect(answer.text).not.toContain("192.0.2");
    }
  });

  test("behind a trusted proxy is judged by the address that the proxy saw, by the quick route as by the ordinary one", async () => {
    const stage = await openStage({ settings: { trustedProxies: [block("127.0.0.0/8")] } });
    const { connectionId } = await stage.connect();
    const { text } = await makeKey(stage, { allowed_cidrs: ["192.0.2.0/24"] });
    const url = `${stage.service.url}/v1/connections/${connectionId}/access-token`;
    const read = async (forwarded: string, query = "") => {
      const headers = { authorization: `Bearer ${text}`, "x-forwarded-for": forwarded, connection: "close" };
      return (await fetch(url + query, { headers })).status;
    };
    expect(await read("192.0.2.7")).toBe(200);
    expect(await isQuick(stage, () => read("192.0.2.7"))).toBe(true);
    for (const forged of ["203.0.113.1", "192.0.2.7, 203.0.113.1", "nobody", ""]) {
      // The second spelling is none that the quick route takes.
      expect([forged, await read(forged), await read(forged, "?min_ttl=060060")]).toEqual([forged, 403, 403]);
    }
    expect(await read("203.0.113.1, 192.0.2.7, 127.0.0.2")).toBe(200);
  });

  test("is judged by the socket when no proxy is trusted", async () => {
    const stage = await openStage();
    const { text } = await makeKey(stage, { allowed_cidrs: ["192.0.2.0/24"], scopes: ["admin"] });
    const headers = { authorization: `Bearer ${text}`, "x-forwarded-for": "192.0.2.7" };
    expect((await fetch(`${stage.service.url}/v1/api-keys`, { headers })).status).toBe(403);
  });
});

describe("the last use of a key", () => {
  test("is known within a minute, also when only the quick route has seen it", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    const path = `/v1/connections/${connectionId}/access-token`;
    const key = await makeKey(stage);
    expect(await viewOf(stage, key.id)).toMatchObject({ last_used_at: null, last_used_from: null });
    await key.api("GET", path);
    const used = at(stage, 0);
    await stage.clock.advance(MINUTE + SECOND);
    await expect.poll(() => viewOf(stage, key.id)).toMatchObject({ last_used_at: used, last_used_from: "127.0.0.1" });
    await key.api("GET", path);
    await stage.clock.advance(SECOND);
    expect(await isQuick(stage, () => key.api("GET", path))).toBe(true);
    const usedAgain = at(stage, 0);
    await stage.clock.advance(MINUTE + SECOND);
    await expect.poll(() => viewOf(stage, key.id)).toMatchObject({ last_used_at: usedAgain });
  });

  test("is written when the service stops", async () => {
    const stage = await openStage();
    const key = await makeKey(stage, { scopes: ["connections:read"] });
    await key.api("GET", "/v1/connections");
    const used = at(stage, 0);
    await stage.restart();
    expect(await viewOf(stage, key.id)).toMatchObject({ last_used_at: used, last_used_from: "127.0.0.1" });
  });

  test("is none when the key was refused", async () => {
    const stage = await openStage();
    const away = await makeKey(stage, { allowed_cidrs: ["192.0.2.0/24"] });
    await away.api("GET", "/v1/api-keys");
    await stage.clock.advance(2 * MINUTE);
    expect(await viewOf(stage, away.id)).toMatchObject({ last_used_at: null });
  });
});

describe("handed-out access tokens", () => {
  test("are counted by connection, key and hour, whichever route gave them", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect("alice");
    const { connectionId: other } = await stage.connect("bob");
    const [one, two] = [await makeKey(stage), await makeKey(stage)];
    const hour = new Date(Math.floor(stage.clock.now() / HOUR) * HOUR).toISOString();
    for (let i = 0; i < 5; i++) await one.api("GET", `/v1/connections/${connectionId}/access-token`);
    expect(await isQuick(stage, () => one.api("GET", `/v1/connections/${connectionId}/access-token`))).toBe(true);
    await two.api("GET", `/v1/connections/${connectionId}/access-token?min_ttl=5`);
    await two.api("GET", `/v1/connections/${other}/access-token`);
    await two.api("POST", `/v1/connections/${connectionId}/access-token/rejected`, { generation: 1, status: 401 });
    await two.api("GET", "/v1/connections/con_none/access-token");
    await stage.restart();
    const { body } = await stage.api("GET", `/v1/connections/${connectionId}/reads`);
    const expected = [one, two].toSorted((a, b) => (a.id < b.id ? -1 : 1));
    const count = (key: Key) => ({ hour, key_id: key.id, count: key === one ? 6 : 2 });
    expect(body).toEqual({ reads: expected.map(count) });
  });

  test("are told for the time that was asked for, and to who may read connections", async () => {
    const stage = await openStage();
    const { connectionId } = await stage.connect();
    const reads = (query: string, api = stage.api) => api("GET", `/v1/connections/${connectionId}/reads${query}`);
    for (let i = 0; i < 2; i++) {
      await stage.token(connectionId);
      await stage.clock.leap(26 * HOUR);
    }
    const all = await reads(`?from=${at(stage, -3 * DAY)}&to=${at(stage, 0)}`);
    expect(all.body).toMatchObject({ reads: [{ count: 1 }, { count: 1 }] });
    expect((await reads("")).body).toEqual({ reads: [] });
    expect((await reads(`?to=${at(stage, -20 * HOUR)}`)).body).toMatchObject({ reads: [{ count: 1 }] });
    for (const query of [`?from=${at(stage, 1)}`, `?from=${at(stage, -31 * DAY - 1)}`, "?from=yesterday", "?since=1"]) {
      expect([query, (await reads(query)).body]).toMatchObject([query, { status: 400, code: "invalid_request" }]);
    }
    expect((await reads("", (await makeKey(stage)).api)).status).toBe(403);
    expect((await stage.api("GET", "/v1/connections/con_none/reads")).status).toBe(404);
  });
});

function block(text: string) {
  const parsed = parseBlock(text);
  if (!parsed) throw new Error(`${text} is no block`);
  return parsed;
}
