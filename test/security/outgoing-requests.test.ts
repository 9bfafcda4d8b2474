import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { selfSigned } from "@evergrant/sandbox";
import { expect, test } from "vitest";
import { providerSchema } from "../../src/provider/provider.ts";
import { MINUTE } from "../../src/runtime/clock.ts";
import { consent } from "../field/browser.ts";
import { startScriptedProvider } from "../field/scripted-provider.ts";
import { serveTcp } from "../network/loopback.ts";
import { startPageServer } from "../stage/page-server.ts";
import { openRaw } from "../stage/raw-database.ts";
import { openStage, type Stage } from "../stage/stage.ts";

const SRC = fileURLToPath(new URL("../../src", import.meta.url));

/** Whatever can open a connection. */
const WAYS_OUT =
  /from "(?:undici|(?:node:)?(?:http|https|http2|net|tls|dgram)|node-fetch|axios|got|ws|nodemailer)"|import\("@(?:aws-sdk|google-cloud|azure)\/|\bfetch\(|new (?:WebSocket|EventSource)\(/;

/** Who uses them outside `src/network`, and why no URL of a tenant leads through there. */
const OTHER_WAYS_OUT: Readonly<Record<string, string>> = {
  "api/body-deadline.ts": "types of requests that come in",
  "api/hot-route.ts": "types of requests that come in",
  "api/operator-cookie.ts": "types of requests that come in",
  "api/peer-address.ts": "types of requests that come in",
  "api/server.ts": "listens",
  "service/create-service.ts": "types of requests that come in",
  "cli/doctor/check-address.ts": "asks the address that the service is set to listen on",
  "cli/import/nango-api.ts": "asks the Nango instance that the operator names",
  "cli/service/service-client.ts": "asks the service that the operator names in EVERGRANT_URL",
  "keyring/kms/packages.ts": "asks the key service that the operator names in EVERGRANT_ROOT_KEY_SERVICE",
  "notify/smtp-mailer.ts": "asks the mail server that the operator names in EVERGRANT_SMTP_URL",
  "notify/smtp-url.ts": "tells addresses from names",
};

test("nothing outside src/network opens a connection, but those that a tenant does not steer", () => {
  const files = readdirSync(SRC, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
  expect(files.length).toBeGreaterThan(200);
  const users = files.filter((path) => WAYS_OUT.test(readFileSync(`${SRC}/${path}`, "utf8")));
  const outside = users.filter((path) => !path.startsWith("network/"));
  expect(users.length).toBeGreaterThan(outside.length);
  expect(outside.toSorted()).toEqual(Object.keys(OTHER_WAYS_OUT).toSorted());
});

/** Every address in a provider's entry: who goes there. */
const ADDRESSES: Readonly<Record<string, "the service" | "browsers" | "people">> = {
  issuer: "the service",
  authorization_url: "browsers",
  token_url: "the service",
  refresh_url: "the service",
  revocation_url: "the service",
  certificate_token_url: "the service",
  certificate_revocation_url: "the service",
  userinfo_url: "the service",
  docs_url: "people",
};

test("every address in a provider's entry is known here, and those that the service asks are tried below", () => {
  const fields = Object.keys(providerSchema.shape).filter((field) => /_ur[il]$|^issuer$/.test(field));
  expect(fields.toSorted()).toEqual(Object.keys(ADDRESSES).toSorted());
  const asked = Object.keys(ADDRESSES).filter((field) => ADDRESSES[field] === "the service");
  expect(asked.toSorted()).toEqual(["issuer", ...Object.keys(ASKED)].toSorted());
});

/** A server inside the operator's network that nobody allowed, under names and addresses. */
async function startInside() {
  const server = await serveTcp((socket) => socket.destroy());
  const hosts = ["https://localhost", "http://localhost", "https://[::ffff:127.0.0.1]", "https://127.0.0.2"];
  return { connections: () => server.connections(), urls: hosts.map((host) => `${host}:${server.port}`) };
}

async function adopt(stage: Stage): Promise<string> {
  const token_set = { refresh_token: "rt-0", expires_in: 3600, access_token: "at-0" };
  return (await stage.api("POST", "/v1/connections/import", { client: stage.clientId, token_set })).at("id");
}

/** What makes the service send a request to a field of the entry, and what it then says. */
const ASKED: Readonly<Record<string, (stage: Stage) => Promise<unknown>>> = {
  token_url: async (stage) => {
    const { session } = await consent(stage);
    expect(session.at("problem", "detail")).toContain("could not be reached (blocked_address)");
  },
  userinfo_url: async (stage) => {
    const { connectionId } = await stage.connect();
    expect((await stage.api("GET", `/v1/connections/${connectionId}`)).body).toMatchObject({ account: null });
  },
  refresh_url: async (stage) => {
    const refreshed = await stage.api("POST", `/v1/connections/${await adopt(stage)}/refresh`);
    expect(refreshed.body).toMatchObject({ generation: 1 });
    expect(stage.log.join("")).toContain("blocked_address");
  },
  revocation_url: async (stage) => {
    const ended = await stage.api("DELETE", `/v1/connections/${await adopt(stage)}`);
    expect(ended.body).toMatchObject({ revocation: "failed" });
    expect(ended.at("detail")).toContain("(blocked_address)");
  },
  certificate_token_url: async (stage) => {
    const refreshed = await stage.api("POST", `/v1/connections/${await adoptWithCertificate(stage)}/refresh`);
    expect(refreshed.body).toMatchObject({ generation: 1 });
    expect(stage.log.join("")).toContain("blocked_address");
  },
  certificate_revocation_url: async (stage) => {
    const ended = await stage.api("DELETE", `/v1/connections/${await adoptWithCertificate(stage)}`);
    expect(ended.body).toMatchObject({ revocation: "failed" });
    expect(ended.at("detail")).toContain("(blocked_address)");
  },
};

/** A client that shows a certificate, with a connection. */
async function adoptWithCertificate(stage: Stage): Promise<string> {
  const { key, cert } = selfSigned("client");
  const client = await stage.api("POST", "/v1/clients", {
    provider: "sandbox",
    client_id: "shows-a-certificate",
    client_certificate: { certificate: cert, private_key: key },
  });
  return adopt({ ...stage, clientId: client.at("id") });
}

test.each(Object.keys(ASKED))("a provider's %s that leads inside is not asked", async (field) => {
  const inside = await startInside();
  const provider = await startScriptedProvider();
  const { origin } = provider;
  for (const url of inside.urls) {
    const entry = {
      name: "Plain",
      authorization_url: `${origin}/authorize`,
      token_url: `${origin}/token`,
      userinfo_url: `${origin}/userinfo`,
      revocation_url: `${origin}/revoke`,
      identity: { from: "userinfo" },
      [field]: `${url}/x`,
    };
    await ASKED[field]?.(await openStage({ provider: () => entry }));
  }
  expect(inside.connections()).toBe(0);
});

test("an issuer that leads inside is not asked, and neither is where its metadata would lead", async () => {
  const inside = await startInside();
  const stage = await openStage();
  for (const issuer of inside.urls) {
    const refused = await stage.api("PUT", "/v1/providers/inside", { issuer });
    expect(refused.body).toMatchObject({ code: "discovery_failed" });
    expect(refused.at("detail")).toContain("blocked_address; blocked_address");
  }
  const issuer = await startPageServer((_request, response) => {
    response.writeHead(302, { location: `${inside.urls[0]}/.well-known/openid-configuration` }).end();
  });
  const sentAway = await stage.api("PUT", "/v1/providers/inside", { issuer });
  expect(sentAway.at("detail")).toContain("HTTP 302; HTTP 302");
  expect(inside.connections()).toBe(0);
});

/** The addresses of an entry's `security_events`, which are asked when somebody sends a token. */
const OF_EVENTS = ["issuer", "configuration_url", "jwks_url"];

test("a transmitter of security events that leads inside is not asked, whoever names it", async () => {
  const fields = Object.keys(providerSchema.shape.security_events.unwrap().unwrap().shape);
  expect(fields.filter((field) => /_ur[il]$|^issuer$/.test(field))).toEqual(OF_EVENTS);
  const inside = await startInside();
  for (const url of inside.urls) {
    for (const field of [...OF_EVENTS, "settings"]) {
      const issuer = field === "issuer" || field === "settings" ? url : "https://issuer.example";
      const security_events = {
        issuer: field === "settings" ? null : issuer,
        ...(field !== "settings" && { [field]: url }),
      };
      const entry = { name: "Plain", authorization_url: "https://as.example/a", token_url: "https://as.example/t" };
      const stage = await openStage({ provider: () => ({ ...entry, security_events }) });
      if (field === "settings") await stage.api("PUT", `/v1/clients/${stage.clientId}/security-events`, { issuer });
      const token = `${encoded({ alg: "RS256", typ: "secevent+jwt" })}.${encoded({ iss: issuer })}.c2ln`;
      const address = `${stage.service.url}/security-events/${stage.clientId}`;
      const headers = { "content-type": "application/secevent+jwt", connection: "close" };
      const pushed = await fetch(address, { method: "POST", headers, body: token });
      expect([field, url, pushed.status]).toEqual([field, url, 503]);
    }
  }
  const stage = await openStage();
  for (const poll_url of inside.urls) {
    await stage.api("PUT", `/v1/clients/${stage.clientId}/security-events`, { poll_url });
    const asked = stage.log.length;
    await stage.clock.advance(MINUTE);
    await expect.poll(() => stage.log.slice(asked).join("")).toContain('"code":"blocked_address"');
  }
  expect(inside.connections()).toBe(0);
}, 60_000);

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

test("a client that says where in a family of providers it is does not lead inside with it", async () => {
  const inside = await startInside();
  const host = { kind: "host", description: "The host", example: "acme.example" };
  const entry = {
    name: "Family",
    authorization_url: "https://{host}/authorize",
    token_url: "https://{host}/token",
    parameters: { host },
  };
  const stage = await openStage();
  expect((await stage.api("PUT", "/v1/providers/family", entry)).status).toBe(200);
  for (const url of inside.urls) {
    const settings = { provider_parameters: { host: new URL(url).host } };
    const made = { provider: "family", client_id: "x", client_secret: "s", settings };
    const client = await stage.api("POST", "/v1/clients", made);
    if (client.status === 400) continue;
    const token_set = { refresh_token: `rt-${url}` };
    const adopted = { client: client.at("id"), token_set, verify: true };
    expect((await stage.api("POST", "/v1/connections/import", adopted)).status).toBe(201);
  }
  expect(stage.log.join("")).toContain("blocked_address");
  expect(inside.connections()).toBe(0);
});

test("an endpoint of webhooks that leads inside is not made, and one that is there all the same is sent nothing", async () => {
  const inside = await startInside();
  const stage = await openStage();
  const made = await stage.api("POST", "/v1/webhook-endpoints", { url: "https://hooks.example/x" });
  const path = `/v1/webhook-endpoints/${made.at("id")}`;
  for (const url of inside.urls) {
    expect((await stage.api("POST", "/v1/webhook-endpoints", { url })).body).toMatchObject({ code: "invalid_request" });
    expect((await stage.api("PATCH", path, { url })).body).toMatchObject({ code: "invalid_request" });
    const database = openRaw(`${stage.settings.dataDir}/evergrant.db`);
    database.exec(`update webhook_endpoints set url = '${url}'`);
    database.close();
    const tested = await stage.api("POST", `${path}/test`);
    expect(tested.body).toMatchObject({ delivered: false, status: null, code: "blocked_address" });
  }
  expect(inside.connections()).toBe(0);
});
