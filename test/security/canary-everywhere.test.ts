import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { evergrant } from "../cli/evergrant.ts";
import { clientEnvironment, serviceEnvironment } from "../cli/stage-environment.ts";
import { startPageServer } from "../stage/page-server.ts";
import { filesIn } from "../stage/files-in.ts";
import { openRaw } from "../stage/raw-database.ts";
import { openStage } from "../stage/stage.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { startWebhookReceiver } from "../stage/webhook-receiver.ts";
import { startCanaryProvider } from "./canary-provider.ts";
import { borrow, redeemVirtually } from "./canary-drop-in.ts";
import { addKeys } from "./canary-keys.ts";
import { call, place, type Search } from "./canary-search.ts";
import { findSecrets } from "./encodings.ts";

const KINDS = [
  "access token",
  "refresh token",
  "spare",
  "imported refresh token",
  "imported access token",
  "client secret",
  "replaced client secret",
  "admin key",
  "API key",
  "virtual refresh token",
  "agent token",
  "root key",
  "root key's bytes",
  "tenant key",
  "derived key",
  "authorization code",
  "PKCE verifier",
  "state",
  "ID token",
  "cookie",
  "connect link",
  "link signature",
  "confirmation",
  "userinfo",
  "signing secret",
  "webhook secret",
];

const ROOT_KEY = ["root key", "root key's bytes"];

const kindOf = (name: string) => name.replace(/ \d+$/, "");

test("every kind of secret is nowhere but where it belongs", async () => {
  const search = await open();
  const webhook = await addWebhook(search);
  await signIn(search);
  const connection = await useConnection(search);
  await misplace(search);
  await askEverything(search, connection);
  await borrow(search, connection);
  await runCommands(search, connection);
  await redeemVirtually(search, connection);
  await addKeys(search);
  await lookAtWebhook(search, webhook);
  for (const [name, secret] of search.provider.secrets) search.secrets.set(name, secret);
  for (const file of filesIn(search.stage.settings.dataDir)) {
    place(search, file, readFileSync(file, "latin1"), file.endsWith("root.key") ? ROOT_KEY : []);
  }
  place(search, "the log", search.stage.log.join(""));

  expect([...new Set([...search.secrets.keys()].map(kindOf))].toSorted()).toEqual(KINDS.toSorted());
  expect(search.places.length).toBeGreaterThan(50);
  for (const kept of [/evergrant\.db #/, /evergrant\.db-wal #/, /journal\/.* #/]) {
    expect(search.places.some(({ name, text }) => kept.test(name) && text.length > 100)).toBe(true);
  }
  expect(search.stage.log.length).toBeGreaterThan(30);
  const found = search.places.map(({ name, text, belongs }) => ({
    name,
    belongs,
    kinds: [...new Set(findSecrets(text, search.secrets).map((hit) => kindOf(hit.replace(/ \([^)]*\)$/, ""))))],
  }));
  const strays = found.flatMap(({ name, kinds, belongs }) =>
    kinds.filter((kind) => !belongs.includes(kind)).map((kind) => `${kind} in ${name}`),
  );
  expect(strays).toEqual([]);
  // Where a secret belongs it is found, so the search can find it.
  const missed = found.flatMap(({ name, kinds, belongs }) =>
    belongs.filter((kind) => !kinds.includes(kind)).map((kind) => `${kind} in ${name}`),
  );
  expect(missed).toEqual([]);
}, 120_000);

async function open(): Promise<Search> {
  const provider = await startCanaryProvider();
  const returnUrl = `${await startPageServer()}/back`;
  const secret = `canary-client-secret/+=&% ${randomUUID()}`;
  const client = { client_secret: secret, settings: { return_urls: [returnUrl] }, scopes: ["files.read", returnUrl] };
  const stage = await openStage({ client, provider: () => provider.entry });
  const secrets = new Map<string, string | Uint8Array>([
    ["replaced client secret", secret],
    ["admin key", stage.adminKey],
  ]);
  return { stage, provider, secrets, places: [] };
}

async function addWebhook(search: Search) {
  const { url, received } = await startWebhookReceiver();
  const made = await call(search, "POST", "/v1/webhook-endpoints", { body: { url }, belongs: ["webhook secret"] });
  search.secrets.set("webhook secret", made.at("secret").slice("whsec_".length));
  return { received, path: `/v1/webhook-endpoints/${made.at("id")}` };
}

async function lookAtWebhook(search: Search, { received, path }: Awaited<ReturnType<typeof addWebhook>>) {
  for (const url of [path, `${path}/deliveries`]) await call(search, "GET", url);
  expect(received.length).toBeGreaterThan(0);
  for (const { headers, text } of received) place(search, "a webhook", text + JSON.stringify(headers));
}

/** A sign-in by hand, with everything that the browser is told on its way. */
async function browse(search: Search, url: string, onward: string): Promise<URL> {
  const left = await fetch(url, { redirect: "manual" });
  const cookie = left.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  search.secrets.set(`cookie ${search.secrets.size}`, cookie.split("=")[1] ?? "");
  place(search, "departure", JSON.stringify([...left.headers]) + (await left.text()), ["state", "cookie"]);
  const authorized = await fetch(left.headers.get("location") ?? "", { redirect: "manual" });
  const callback = authorized.headers.get("location") ?? "";
  const stolen = await fetch(callback);
  place(search, "another browser's page", await stolen.text());
  const back = await fetch(callback, { headers: { cookie }, redirect: "manual" });
  const landed = new URL(back.headers.get("location") ?? "http://nowhere.invalid");
  place(
    search,
    onward,
    (back.headers.get("location") ?? "") + (await back.text()),
    onward === "return" ? ["confirmation"] : [],
  );
  return landed;
}

async function signIn(search: Search): Promise<void> {
  const { stage, secrets } = search;
  const [returnUrl = ""] = (await stage.api("GET", "/v1/clients")).text.match(/http:\/\/127\.0\.0\.1:\d+\/back/) ?? [];
  const body = { client: stage.clientId, return_url: returnUrl, end_user: "alice" };
  const session = await call(search, "POST", "/v1/connect-sessions", { body, belongs: ["connect link"] });
  secrets.set("connect link", session.at("connect_url").split(".").at(-1) ?? "");
  const landed = await browse(search, session.at("connect_url"), "return");
  const confirmation = landed.searchParams.get("confirmation") ?? "";
  secrets.set("confirmation", confirmation);
  const path = `/v1/connect-sessions/${session.at("id")}`;
  await call(search, "POST", `${path}/complete`, { body: { confirmation: `${confirmation}x` } });
  await call(search, "POST", `${path}/complete`, { body: { confirmation } });
  await call(search, "GET", path);
}

/** Refreshes that succeed, fail in ways that hold tokens, and come too late. Returns the path of the connection. */
async function useConnection(search: Search): Promise<string> {
  const { stage, provider, secrets } = search;
  const path = `/v1/connections/${/con_\w{26}/.exec((await stage.api("GET", "/v1/connections")).text)?.[0] ?? ""}`;
  const refresh = () => call(search, "POST", `${path}/refresh`);
  const replaced = `canary-another-client-secret/+=&% ${randomUUID()}`;
  secrets.set("client secret", replaced);
  await refresh();
  await call(search, "POST", `/v1/clients/${stage.clientId}/secrets`, { body: { client_secret: replaced } });
  const rejected = { generation: 2, status: 401, www_authenticate: `Bearer error="${replaced}"` };
  await call(search, "POST", `${path}/access-token/rejected`, { body: rejected, belongs: ["access token"] });
  const answers = [
    (sent: string) => ({ status: 400, body: JSON.stringify({ error: "invalid_scope", error_description: sent }) }),
    (sent: string) => ({ status: 400, body: JSON.stringify({ error: sent, error_uri: `https://x.example/${sent}` }) }),
    (sent: string) => ({ status: 200, body: `<html>${sent}` }),
    (sent: string) => ({ status: 500, body: sent }),
    (sent: string) => ({ status: 200, body: `{"access_token":"${sent}"` }),
  ];
  for (const answer of answers) {
    provider.refuseOnce(answer);
    await refresh();
    await call(search, "GET", path);
    await call(search, "GET", `${path}/history`);
    await stage.clock.advance(20 * 60_000);
  }
  await stage.clock.leap(60 * 60_000);
  await refresh();
  await overtake(search, path);
  await call(search, "GET", `${path}/access-token`, { belongs: ["access token"] });
  return path;
}

/** The user consents anew while a refresh is under way, whose answer is a spare then. */
async function overtake(search: Search, path: string): Promise<void> {
  const { stage, provider, secrets } = search;
  const held = provider.hold();
  const late = call(search, "POST", `${path}/refresh`);
  await held.arrived;
  const link = await call(search, "POST", `${path}/reauthorization-link`, { belongs: ["link signature"] });
  secrets.set("link signature", link.at("url").split(".").at(-1) ?? "");
  await browse(search, await press(search, link.at("url")), "page");
  held.release();
  await late;
  const database = openRaw(`${stage.settings.dataDir}/evergrant.db`, { readonly: true });
  expect(database.value("select count(*) from spare_token_sets")).toBe(1);
  database.close();
}

/** The page behind a reauthorization link, and the one behind its button. Returns where that leads on. */
async function press(search: Search, link: string): Promise<string> {
  place(search, "asking page", await (await fetch(link)).text());
  const page = await (await fetch(link, { method: "POST" })).text();
  const onward = /http-equiv="refresh" content="0;url=([^"]*)"/.exec(page)?.[1] ?? "";
  search.secrets.set(`connect link ${search.secrets.size}`, onward.split(".").at(-1) ?? "");
  place(search, "onward page", page, ["connect link"]);
  return onward;
}

/** Secrets in the wrong field, and in requests that are none. */
async function misplace(search: Search): Promise<void> {
  const { stage, secrets } = search;
  const [refresh_token, access_token] = [
    `canary-imported-refresh-${randomUUID()}`,
    `canary-imported-access-${randomUUID()}`,
  ];
  secrets.set("imported refresh token", refresh_token).set("imported access token", access_token);
  const token_set = { refresh_token, access_token };
  const client = stage.clientId;
  const bodies = [
    { client, token_set: { ...token_set, [refresh_token]: 1 } },
    { client, token_set: { ...token_set, expires_in: refresh_token } },
    { client: refresh_token, token_set },
    `{"client":"${client}","token_set":{"refresh_token":"${refresh_token}"`,
    { client, token_set: { ...token_set, expires_in: 3600 } },
  ];
  for (const body of bodies) await call(search, "POST", "/v1/connections/import", { body });
  const slack_signing_secret = `canary-signing-secret-${randomUUID()}`;
  secrets.set("signing secret", slack_signing_secret);
  const receiver = `/v1/clients/${client}/security-events`;
  await call(search, "PUT", receiver, { body: { slack_signing_secret } });
  await call(search, "PUT", receiver, { body: { slack_signing_secret, [slack_signing_secret]: 1 } });
  await call(search, "GET", receiver);
  await call(search, "POST", `/security-events/${client}/slack`, { body: { text: slack_signing_secret } });
  const minted = { name: "x", scopes: ["token:read"] };
  const key = await call(search, "POST", "/v1/api-keys", { body: minted, belongs: ["API key"] });
  secrets.set("API key", key.at("key"));
  for (const secret of [stage.adminKey, key.at("key"), refresh_token]) {
    await call(search, "POST", "/v1/clients", { body: { provider: secret, client_id: "x", client_secret: secret } });
    await call(search, "POST", "/v1/api-keys", { body: { name: "x", scopes: [secret] } });
    for (const path of ["/v1/connections/", "/v1/nothing/", "/connect/", "/reauthorize/", "/oauth/callback/"]) {
      await call(search, "GET", path + encodeURIComponent(secret));
    }
    await call(
      search,
      "GET",
      `/v1/connections?after=${encodeURIComponent(secret)}&status=${encodeURIComponent(secret)}`,
    );
  }
}

async function askEverything(search: Search, path: string): Promise<void> {
  const lists = [
    "/v1/connections",
    "/v1/clients",
    "/v1/providers",
    "/v1/api-keys",
    "/openapi.json",
    "/readyz",
    "/metrics",
  ];
  for (const url of [...lists, path, `${path}/history`]) await call(search, "GET", url);
  await call(search, "POST", `${path}/check`);
}

async function runCommands(search: Search, path: string): Promise<void> {
  const { stage } = search;
  const id = path.split("/").at(-1) ?? "";
  const folder = temporaryFolder();
  const environment = { ...serviceEnvironment(stage), ...clientEnvironment(stage) };
  const commands: [string[], string[]][] = [
    [["doctor"], []],
    [["connections", "list"], []],
    [["connections", "show", id], []],
    [["connections", "history", id], []],
    [["connections", "show", stage.adminKey], []],
    [["token", id], ["access token"]],
    [["agent-tokens", "create", "no-connection"], []],
    [["credentials", "google", id, "--out", join(folder, "google.json")], []],
    [["credentials", "azure", id], ["admin key"]],
    [["journal", "verify"], []],
    [["backup", join(folder, "backup.db")], []],
  ];
  for (const [args, belongs] of commands) {
    const { stdout, stderr } = await evergrant(args, environment);
    place(search, `evergrant ${args.slice(0, 2).join(" ")}`, stdout + stderr, belongs);
  }
  place(search, "credentials for Google", readFileSync(join(folder, "google.json"), "utf8"));
  place(search, "their key", readFileSync(join(folder, "google.key"), "utf8"), ["admin key"]);
  place(search, "the backup", readFileSync(join(folder, "backup.db"), "latin1"));
}
