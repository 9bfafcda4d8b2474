import { describe, expect, test } from "vitest";
import { createScriptedUser, type SandboxClient } from "../src/index.ts";
import {
  basic,
  clientId,
  clientSecret,
  codeForm,
  startConnectedClient,
  statuses,
  tokensIn,
} from "./connected-client.ts";

describe("the code flow", () => {
  test("discovery names what a client needs", async () => {
    const { sandbox } = await startConnectedClient();
    const response = await fetch(`${sandbox.url}/.well-known/openid-configuration`);
    const metadata: Record<string, unknown> = JSON.parse(await response.text());
    expect(metadata).toMatchObject({
      issuer: sandbox.url,
      authorization_endpoint: `${sandbox.url}/authorize`,
      token_endpoint: `${sandbox.url}/token`,
      revocation_endpoint: `${sandbox.url}/revoke`,
      userinfo_endpoint: `${sandbox.url}/userinfo`,
      jwks_uri: `${sandbox.url}/jwks`,
      response_types_supported: ["code"],
      code_challenge_methods_supported: ["S256"],
      authorization_response_iss_parameter_supported: true,
      token_endpoint_auth_methods_supported: ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"],
    });
    expect(metadata.scopes_supported).toEqual(
      expect.arrayContaining(["openid", "profile", "email", "offline_access", "files.read", "files.write"]),
    );
  });

  test("gives tokens for the user who signed in", async () => {
    const client = await startConnectedClient();
    const visit = await client.authorize({ scope: "openid email offline_access files.read" }, { user: "bob" });
    expect(visit.body).toBe("back at the application");
    const query = new URL(visit.url).searchParams;
    expect(query.get("state")).toBe("a state");
    expect(query.get("iss")).toBe(client.sandbox.url);

    const answer = await client.token(codeForm(visit.url, client.redirectUri));
    expect(answer).toMatchObject({
      status: 200,
      body: { token_type: "Bearer", expires_in: 3600, scope: "openid email offline_access files.read" },
    });
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const claims = Buffer.from(String(answer.body.id_token).split(".")[1] ?? "", "base64url").toString();
    expect(JSON.parse(claims)).toMatchObject({ iss: client.sandbox.url, sub: "bob", aud: clientId });
    const userinfo = await client.api("/userinfo", tokensIn(answer).accessToken);
    expect(await userinfo.json()).toMatchObject({ sub: "bob", email: "bob@sandbox.example", email_verified: true });
  });

  test("ignores a scope it does not know", async () => {
    const client = await startConnectedClient();
    const { url } = await client.authorize({ scope: "files.read unknown" });
    const answer = await client.token(codeForm(url, client.redirectUri));
    expect(answer.body.scope).toBe("files.read");
  });

  test("asks each time who signs in, though the browser was here before", async () => {
    const client = await startConnectedClient();
    const query = (prompt: string) =>
      new URLSearchParams({
        client_id: clientId,
        response_type: "code",
        redirect_uri: client.redirectUri,
        scope: "openid",
        prompt,
      });
    const alice = createScriptedUser({ user: "alice" });
    const first = await alice.visit(`${client.sandbox.url}/authorize?${query("consent")}`);
    expect(new URL(first.url).searchParams.has("code")).toBe(true);
    const second = await alice.visit(`${client.sandbox.url}/authorize?${query("none")}`);
    expect(new URL(second.url).searchParams.get("error")).toBe("login_required");
  });

  test("ends with access_denied when the user says no", async () => {
    const client = await startConnectedClient();
    const visit = await client.authorize({}, { user: "alice", decision: "deny" });
    const query = new URL(visit.url).searchParams;
    expect(visit.url.startsWith(client.redirectUri)).toBe(true);
    expect([query.get("error"), query.get("state"), query.get("iss")]).toEqual([
      "access_denied",
      "a state",
      client.sandbox.url,
    ]);
    expect(query.has("code")).toBe(false);
  });

  test("puts the user of login_hint first and escapes what it shows", async () => {
    const { sandbox, redirectUri } = await startConnectedClient();
    const hostile = '"><script>alert(1)</script>';
    await sandbox.control.putClient({ clientId: hostile, clientSecret: "x", redirectUris: [redirectUri] });
    const query = new URLSearchParams({
      client_id: hostile,
      response_type: "code",
      redirect_uri: redirectUri,
      scope: "files.read",
      login_hint: "carol",
    });
    const response = await fetch(`${sandbox.url}/authorize?${query}`, { redirect: "manual" });
    const cookie = response.headers.getSetCookie().map((line) => line.split(";")[0]);
    const page = await fetch(new URL(response.headers.get("location") ?? "", sandbox.url), {
      headers: { cookie: cookie.join("; ") },
    });
    const html = await page.text();
    expect(html).not.toContain("<script");
    expect([...html.matchAll(/name="user" value="(\w+)"/g)].map(([, user]) => user)).toEqual(["carol", "alice", "bob"]);
  });

  test("refuses a redirect URI that is not exactly a registered one", async () => {
    const client = await startConnectedClient();
    const visit = await client.authorize({ redirect_uri: `${client.redirectUri}/` });
    expect(visit.status).toBe(400);
    expect(visit.url.startsWith(client.sandbox.url)).toBe(true);
    expect(visit.body).toContain("invalid_redirect_uri");
  });

  test("refuses a wrong code verifier and a code used twice", async () => {
    const client = await startConnectedClient();
    const { url } = await client.authorize();
    const form = codeForm(url, client.redirectUri);
    const wrong = await client.token({ ...form, code_verifier: "x".repeat(43) });
    expect(wrong).toMatchObject({ status: 400, body: { error: "invalid_grant" } });

    const answers = await Promise.all([client.token(form), client.token(form)]);
    expect(statuses(answers)).toEqual([200, 400]);
    const won = answers.find(({ status }) => status === 200);
    if (won === undefined) throw new Error("nobody won");
    // RFC 6749 §4.1.2: what the code was redeemed for is revoked when it comes twice.
    expect(await client.refresh(tokensIn(won).refreshToken)).toMatchObject({ status: 400 });
  });

  test("an expired sign-in page says so", async () => {
    const { sandbox } = await startConnectedClient();
    const page = await fetch(`${sandbox.url}/interaction/nothing`);
    expect(page.status).toBe(400);
    expect(await page.text()).toContain("This sign-in has expired");
  });
});

describe("client authentication", () => {
  test("takes Basic and the form when the client names no method", async () => {
    const client = await startConnectedClient();
    const { refreshToken } = await client.connect();
    const form = { grant_type: "refresh_token", refresh_token: refreshToken };
    const posted = await client.token({ ...form, client_id: clientId, client_secret: clientSecret }, {});
    expect(posted.status).toBe(200);
    expect((await client.refresh(tokensIn(posted).refreshToken)).status).toBe(200);
    const wrong = await client.token({ ...form, client_id: clientId, client_secret: "wrong" }, {});
    expect(wrong).toMatchObject({ status: 401, body: { error: "invalid_client" } });
  });

  test.each([
    ["client_secret_basic", 400, 401],
    ["client_secret_post", 401, 400],
  ] as const)("enforces %s", async (method, basicStatus, postStatus) => {
    const client = await startConnectedClient();
    const { redirectUri, sandbox } = client;
    await sandbox.control.putClient({
      clientId,
      clientSecret,
      redirectUris: [redirectUri],
      tokenEndpointAuthMethod: method,
    });
    const form = { grant_type: "refresh_token", refresh_token: "none" };
    const withBasic = await client.token(form, { authorization: basic });
    const withPost = await client.token({ ...form, client_id: clientId, client_secret: clientSecret }, {});
    expect([withBasic.status, withPost.status]).toEqual([basicStatus, postStatus]);
    expect(withBasic.headers.get("www-authenticate")?.startsWith("Basic") ?? false).toBe(basicStatus === 401);
  });

  test("a client without a secret connects and refreshes", async () => {
    const client = await startConnectedClient();
    const { redirectUri, sandbox } = client;
    const spa: SandboxClient = {
      clientId: "spa",
      clientSecret: "",
      redirectUris: [redirectUri],
      tokenEndpointAuthMethod: "none",
    };
    await sandbox.control.putClient(spa);
    const { url } = await client.authorize({ client_id: "spa" });
    const answer = await client.token({ ...codeForm(url, redirectUri), client_id: "spa" }, {});
    const form = { grant_type: "refresh_token", refresh_token: tokensIn(answer).refreshToken, client_id: "spa" };
    expect((await client.token(form, {})).status).toBe(200);
  });
});
