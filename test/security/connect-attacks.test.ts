import { once } from "node:events";
import { request as send } from "node:http";
import { text as readText } from "node:stream/consumers";
import { createScriptedUser } from "@evergrant/sandbox";
import { describe, expect, test } from "vitest";
import { startPageServer } from "../stage/page-server.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { openAnotherTenant } from "./another-tenant.ts";

// What test/connect/callback.test.ts and test/field/security-csrf-state.test.ts prove is not repeated here.

const exchanged = ({ sandbox }: Stage) => sandbox.control.counts().authorizationCodeRequests;

/** An authorization server that sends its users on to another one, with whatever it makes of their request. */
async function startAttackingServer(target: (asked: URLSearchParams) => string) {
  const requests: string[] = [];
  const origin = await startPageServer((request, response) => {
    const url = new URL(request.url ?? "", "http://attacker.invalid");
    const location = url.pathname === "/authorize" ? target(url.searchParams) : null;
    if (location === null) requests.push(url.pathname);
    response.writeHead(location === null ? 200 : 302, location === null ? {} : { location }).end("{}");
  });
  return { origin, requests };
}

/** A user chooses the attacker's server, and consents at the honest one without noticing. */
async function mixUp(stage: Stage, redirectTo: "honest" | "attacker", issuer?: string) {
  const honest = await stage.api("GET", `/v1/clients/${stage.clientId}`);
  let own = "";
  const attacker = await startAttackingServer((asked) => {
    const url = new URL(`${stage.sandbox.url}/authorize`);
    const parameters = {
      response_type: "code",
      client_id: "evergrant",
      redirect_uri: redirectTo === "honest" ? honest.at("redirect_uri") : own,
      scope: "files.read",
      state: asked.get("state") ?? "",
      code_challenge: asked.get("code_challenge") ?? "",
      code_challenge_method: "S256",
    };
    url.search = new URLSearchParams(parameters).toString();
    return url.href;
  });
  const entry = {
    name: "Attacker",
    authorization_url: `${attacker.origin}/authorize`,
    token_url: `${attacker.origin}/token`,
    ...(issuer !== undefined && { issuer }),
  };
  await stage.api("PUT", "/v1/providers/attacker", entry);
  const client = await stage.api("POST", "/v1/clients", { provider: "attacker", client_id: "x", client_secret: "s" });
  own = client.at("redirect_uri");
  if (redirectTo === "attacker") {
    // A server that is careless with redirect URIs (against RFC 9700 §2.1).
    const redirectUris = [honest.at("redirect_uri"), own];
    const clientSecret = "sandbox-client-secret-canary-1";
    await stage.sandbox.control.putClient({ clientId: "evergrant", clientSecret, redirectUris });
  }
  const session = await stage.api("POST", "/v1/connect-sessions", { client: client.at("id") });
  const page = await createScriptedUser({ user: "alice" }).visit(session.at("connect_url"));
  return { attacker, page };
}

describe("mix-up (RFC 9700 §4.4)", () => {
  test("the honest server's answer to the attacker's session ends at the honest client's redirect URI, and is refused", async () => {
    const stage = await openStage();
    const { attacker, page } = await mixUp(stage, "honest");
    expect(new URL(page.url).pathname).toBe(`/oauth/callback/${stage.clientId}`);
    expect(page.status).toBe(400);
    expect([attacker.requests, exchanged(stage)]).toEqual([[], 0]);
  });

  test("where the honest server sends it to the attacker's redirect URI, `iss` gives it away (RFC 9207)", async () => {
    const stage = await openStage();
    const { attacker, page } = await mixUp(stage, "attacker", "https://attacker.example");
    expect(page.status).toBe(400);
    expect(page.body).toContain("RFC 9207");
    expect([attacker.requests, exchanged(stage)]).toEqual([[], 0]);
  });
});

test("two tenants with clients of their own at one provider: each is refreshed by its own, and the server counts no other", async () => {
  const stage = await openStage();
  const stranger = (await openAnotherTenant(stage, ["admin"])).get("admin");
  if (!stranger) throw new Error("no key of the other tenant");
  const clientSecret = "the-secret-of-the-other-tenant";
  const made = await stranger("POST", "/v1/clients", {
    provider: "sandbox",
    client_id: "of-another",
    client_secret: clientSecret,
    scopes: ["files.read"],
  });
  const redirectUris = [made.at("redirect_uri")];
  await stage.sandbox.control.putClient({ clientId: "of-another", clientSecret, redirectUris });

  const first = (await stage.connect("alice")).connectionId;
  const session = await stranger("POST", "/v1/connect-sessions", { client: made.at("id") });
  await createScriptedUser({ user: "alice" }).visit(session.at("connect_url"));
  const second = (await stranger("GET", `/v1/connect-sessions/${session.at("id")}`)).at("connection_id");
  const counts = () => stage.sandbox.control.counts();
  expect(counts().tokenRequestsByClient).toEqual({ evergrant: 1, "of-another": 1 });

  for (const round of [1, 2, 3]) {
    const path = `/v1/connections/${second}/refresh`;
    expect((await stranger("POST", path)).body).toMatchObject({ status: "active", generation: round + 1 });
  }
  expect(counts().tokenRequestsByClient).toEqual({ evergrant: 1, "of-another": 4 });
  await stage.clock.leap(55 * 60_000);
  await expect.poll(() => counts().refreshesSucceeded).toBe(5);
  expect(counts().tokenRequestsByClient).toEqual({ evergrant: 2, "of-another": 5 });
  await stage.restart();
  expect((await stage.api("POST", `/v1/connections/${first}/refresh`)).body).toMatchObject({ status: "active" });
  expect(counts()).toMatchObject({ tokenRequestsByClient: { evergrant: 3, "of-another": 5 }, refreshesRejected: 0 });

  // Neither can be begun with the other's client, by whoever asks.
  const crossed = [
    stage.api("POST", "/v1/connect-sessions", { client: made.at("id"), connection: first }),
    stage.api("POST", "/v1/connect-sessions", { client: made.at("id") }),
    stranger("POST", "/v1/connect-sessions", { connection: first, client: made.at("id") }),
    stranger("POST", "/v1/connections/import", { client: stage.clientId, token_set: { refresh_token: "r" } }),
  ];
  expect((await Promise.all(crossed)).map(({ status }) => status)).toEqual([400, 404, 404, 404]);
  expect(counts().tokenRequestsByClient).toEqual({ evergrant: 3, "of-another": 5 });
});

test("no address that the service gives away is made of what a request says its host is", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  const evil = { host: "evil.example", "x-forwarded-host": "evil.example", forwarded: "host=evil.example" };
  const paths = ["/v1/connect-sessions", `/v1/connections/${connectionId}/reauthorization-link`, "/v1/clients"];
  for (const path of paths) {
    const body = path === "/v1/clients" ? { provider: "google", client_id: "x" } : { client: stage.clientId };
    const hasBody = !path.endsWith("link");
    const type = hasBody ? { "content-type": "application/json" } : {};
    const headers = { ...evil, ...type, authorization: `Bearer ${stage.adminKey}` };
    const sent = send(stage.service.url + path, { method: "POST", headers });
    sent.end(hasBody ? JSON.stringify(body) : "");
    const [response] = await once(sent, "response");
    const text = await readText(response);
    expect(text).toContain(stage.settings.publicUrl);
    expect(text).not.toContain("evil.example");
  }
});
