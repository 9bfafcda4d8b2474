import { createScriptedUser } from "@evergrant/sandbox";
import { describe, expect, test } from "vitest";
import { DAY, HOUR, MINUTE, SECOND } from "../../src/runtime/clock.ts";
import { addTenant, connectAs } from "../security/two-tenants.ts";
import { openRaw } from "../stage/raw-database.ts";
import { openStage } from "../stage/stage.ts";
import { redeem, virtualClientOf, type VirtualClient } from "./virtual-stage.ts";

const UNKNOWN = {
  error: "invalid_grant",
  error_description: "There is no such refresh token, or it has expired or was revoked.",
};

const inForm = { client_id: null, client_secret: null };
const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}`,
});

async function open() {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  return { stage, connectionId, client: await virtualClientOf(stage, connectionId) };
}

describe("a virtual refresh token", () => {
  test("is answered with the connection's access token, the life that is left, and itself", async () => {
    const { stage, connectionId, client } = await open();
    const { at } = await stage.token(connectionId);
    await stage.clock.advance(10 * SECOND);
    const answer = await redeem(client);
    expect([answer.status, answer.headers.get("cache-control")]).toEqual([200, "no-store"]);
    expect(answer.body).toEqual({
      access_token: at("access_token"),
      token_type: "Bearer",
      expires_in: Math.floor((Date.parse(at("expires_at")) - stage.clock.now()) / SECOND),
      scope: expect.stringContaining("files.read"),
      refresh_token: client.refreshToken,
    });
    await stage.clock.leap(2 * HOUR);
    const later = await redeem(client);
    expect(later.body).toMatchObject({ refresh_token: client.refreshToken, expires_in: 3600 });
    expect(later.body).not.toMatchObject({ access_token: at("access_token") });
    expect(stage.sandbox.control.refreshTokens().map(({ token }) => token)).not.toContain(client.refreshToken);
  });

  test("is redeemed by many at once with one refresh", async () => {
    const { stage, client } = await open();
    await stage.clock.leap(2 * HOUR);
    const answers = await Promise.all(Array.from({ length: 40 }, () => redeem(client)));
    expect(answers.map(({ status }) => status)).toEqual(Array(40).fill(200));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(stage.sandbox.control.counts()).toMatchObject({ refreshRequests: 1, reuseDetected: 0 });
  });

  test("outlives a reauthorization, whose link comes as error_uri", async () => {
    const { stage, client } = await open();
    await stage.sandbox.control.revokeUser("alice");
    await stage.clock.leap(2 * HOUR);
    const refused = await redeem(client);
    expect(refused).toMatchObject({
      status: 400,
      body: { error: "invalid_grant", error_uri: expect.stringContaining("/reauthorize/") },
    });
    expect(refused.body).not.toMatchObject({ error_description: UNKNOWN.error_description });
    await createScriptedUser({ user: "alice" }).visit(String(Reflect.get(refused.body ?? {}, "error_uri")));
    expect(await redeem(client)).toMatchObject({ status: 200, body: { refresh_token: client.refreshToken } });
  });

  test("ends with its connection, its time or its revocation, and another tenant's key or a guess learns no more", async () => {
    const { stage, connectionId, client } = await open();
    const soon = new Date(stage.clock.now() + DAY).toISOString();
    const expiring = await virtualClientOf(stage, connectionId, { expires_at: soon });
    const revoked = await virtualClientOf(stage, connectionId);
    const acme = await addTenant(stage, "acme");
    const stranger = await virtualClientOf({ ...stage, api: acme.api }, (await connectAs(acme, "bob")).id);
    await stage.api("DELETE", `/v1/virtual-refresh-tokens/${revoked.id}`);
    const { refreshToken } = client;
    const [first, last] = [refreshToken.slice(0, 40), refreshToken.slice(40)];
    const unknown = [refreshToken.slice(0, -1), `${first}x${last}`, client.clientSecret, "1//google", client.id];
    const answers = [await redeem(revoked), await redeem(stranger, { refresh_token: refreshToken })];
    for (const text of unknown) answers.push(await redeem(client, { refresh_token: text }));
    expect((await redeem(expiring)).status).toBe(200);
    await stage.clock.leap(DAY);
    answers.push(await redeem(expiring));
    expect((await redeem(client)).status).toBe(200);
    await stage.api("DELETE", `/v1/connections/${connectionId}`);
    answers.push(await redeem(client));
    expect(answers.map(({ status, body }) => ({ status, body }))).toEqual(
      answers.map(() => ({ status: 400, body: UNKNOWN })),
    );
  });

  test("whose secret part is another's is refused, though everything else fits", async () => {
    const { stage, client, connectionId } = await open();
    const other = await virtualClientOf(stage, connectionId);
    const database = openRaw(`${stage.settings.dataDir}/evergrant.db`);
    database.exec(`update virtual_refresh_tokens set hash =
      (select hash from virtual_refresh_tokens where id = '${other.id}') where id = '${client.id}'`);
    database.close();
    expect(await redeem(client)).toMatchObject({ status: 400, body: UNKNOWN });
    expect((await redeem(other)).status).toBe(200);
  });

  test("waits where trouble passes, and says how long", async () => {
    const { stage, client } = await open();
    stage.sandbox.control.change({ tokenEndpointFault: { kind: "status", status: 503 } });
    await stage.clock.leap(2 * HOUR);
    const answer = await redeem(client);
    expect(answer).toMatchObject({ status: 503, body: { error: "temporarily_unavailable" } });
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  test("is guessed 200 times from an address, and then not for a while", async () => {
    const { stage, client } = await open();
    const guess = () => redeem(client, { refresh_token: `${client.refreshToken.slice(0, -9)}x` });
    const answers = await Promise.all(Array.from({ length: 201 }, guess));
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(200);
    const late = answers.find(({ status }) => status === 429);
    expect(late?.body).toMatchObject({ error: "temporarily_unavailable" });
    expect(late?.headers.get("retry-after")).toBe("1");
    await stage.clock.advance(SECOND);
    expect((await redeem(client)).status).toBe(200);
  });

  test("is listed with its last use, which costs no write each", async () => {
    const { stage, connectionId, client } = await open();
    await redeem(client);
    const used = new Date(stage.clock.now()).toISOString();
    await stage.clock.advance(MINUTE + SECOND);
    const list = async () => (await stage.api("GET", `/v1/virtual-refresh-tokens?connection=${connectionId}`)).body;
    await expect
      .poll(list)
      .toMatchObject({ virtual_refresh_tokens: [{ id: client.id, last_used_at: used, last_used_from: "127.0.0.1" }] });
    const { body } = await stage.api("GET", `/v1/connections/${connectionId}/reads`);
    expect(body).toMatchObject({ reads: [{ key_id: client.clientId, count: 1 }] });
  });
});

test("the scope of a request names nothing that was not granted (RFC 6749 §6)", async () => {
  const { client } = await open();
  const granted = "openid email files.read files.write offline_access";
  const scopes: [scope: string, answer: Record<string, string>][] = [
    [granted, { scope: granted }],
    // Narrower than its token no answer can be, so it says what the token has.
    ["files.read", { scope: granted }],
    // What providers do not repeat, and in another case.
    ["offline_access openid FILES.READ", { scope: granted }],
    ["", { scope: granted }],
    ["files.read files.delete", { error: "invalid_scope" }],
  ];
  for (const [scope, expected] of scopes) {
    expect([scope, (await redeem(client, { scope })).body]).toMatchObject([scope, expected]);
  }
});

describe("the client (RFC 6749 §2.3.1)", () => {
  test("shows its secret in the header, form-encoded, or in the form, and may repeat its id", async () => {
    const { client } = await open();
    const { clientId, clientSecret } = client;
    const encoded = basic(clientId.replaceAll("_", "%5F"), clientSecret.replaceAll("_", "%5f"));
    expect((await redeem(client, inForm, basic(clientId, clientSecret))).status).toBe(200);
    expect((await redeem(client, inForm, encoded)).status).toBe(200);
    expect((await redeem(client, { client_secret: null }, basic(clientId, clientSecret))).status).toBe(200);
  });

  test("that is unknown is 401, with a challenge", async () => {
    const { stage, client } = await open();
    const { clientId, clientSecret, refreshToken } = client;
    const another = await virtualClientOf(stage, (await stage.connect("bob")).connectionId);
    const attempts: Parameters<typeof redeem>[] = [
      [client, inForm],
      [client, { client_secret: null }],
      [client, { client_id: null }],
      [client, { client_id: another.clientId }],
      [client, { client_secret: refreshToken }],
      [client, inForm, basic(clientId, `${clientSecret}x`)],
      [client, inForm, basic(another.clientId, clientSecret)],
      [client, inForm, { authorization: `Bearer ${clientSecret}` }],
      [client, inForm, { authorization: "Basic %" }],
      [client, inForm, { authorization: `Basic ${Buffer.from("none").toString("base64")}` }],
    ];
    for (const [index, attempt] of attempts.entries()) {
      const { status, headers, body } = await redeem(...attempt);
      expect([index, status, body]).toMatchObject([index, 401, { error: "invalid_client" }]);
      expect(headers.get("www-authenticate")).toBe('Basic realm="Evergrant"');
      expect(JSON.stringify(body)).not.toContain(clientSecret.slice(-20));
    }
  });

  test("authenticates by one method, and says one thing once", async () => {
    const { client } = await open();
    const header = basic(client.clientId, client.clientSecret);
    const both = [await redeem(client, {}, header), await redeem(client, { client_id: "key_other" }, header)];
    const twice = await fetch(client.tokenUrl, {
      method: "POST",
      headers: header,
      body: new URLSearchParams("grant_type=refresh_token&refresh_token=x&refresh_token=x"),
    });
    const without = await redeem(client, { refresh_token: null });
    const answers = [...both, without, { status: twice.status, body: await twice.json() }];
    for (const answer of answers) expect(answer).toMatchObject({ status: 400, body: { error: "invalid_request" } });
  });

  test("needs the scope token:read, its addresses, and a key that lives", async () => {
    const { stage, client } = await open();
    const withKey = async (body: Record<string, unknown>): Promise<VirtualClient> => {
      const key = await stage.api("POST", "/v1/api-keys", { name: "k", scopes: ["token:read"], ...body });
      return { ...client, clientId: key.at("id"), clientSecret: key.at("key") };
    };
    for (const body of [{ scopes: ["connections:read"] }, { allowed_cidrs: ["192.0.2.0/24"] }]) {
      expect(await redeem(await withKey(body))).toMatchObject({ status: 400, body: { error: "unauthorized_client" } });
    }
    await stage.api("DELETE", `/v1/api-keys/${client.clientId}`);
    expect(await redeem(client)).toMatchObject({ status: 401, body: { error: "invalid_client" } });
    expect((await redeem(await withKey({}))).status).toBe(200);
  });
});
