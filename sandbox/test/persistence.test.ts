import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Database from "better-sqlite3";
import { expect, onTestFinished, test } from "vitest";
import { startSandbox } from "../src/index.ts";
import { basic, clientId, clientSecret, connectedClient, startConnectedClient, tokensIn } from "./connected-client.ts";
import { startCallback } from "./site.ts";

async function dataFile(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "sandbox-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return join(folder, "data.sqlite");
}

test("a data file carries everything over a restart", async () => {
  const file = await dataFile();
  const redirectUri = await startCallback();
  const clients = [
    { clientId, clientSecret, redirectUris: [redirectUri] },
    { clientId: "off", clientSecret: "x", redirectUris: [redirectUri] },
  ];
  const first = await startSandbox({ dataFile: file, clients, users: ["alice", "dora"] });
  const before = connectedClient(first.url, redirectUri);
  const used = await before.connect({}, { user: "dora" });
  const live = tokensIn(await before.refresh(used.refreshToken));
  await first.control.disableClient("off");
  const keysBefore = await (await fetch(`${first.url}/jwks`)).json();
  await first.close();

  const second = await startSandbox({ dataFile: file, behaviour: { reuse: { kind: "error" } } });
  onTestFinished(() => second.close());
  const after = connectedClient(second.url, redirectUri);
  expect(await (await fetch(`${second.url}/jwks`)).json()).toEqual(keysBefore);
  expect((await after.api("/api/files", live.accessToken)).status).toBe(200);
  expect((await after.refresh(used.refreshToken)).status).toBe(400);
  expect(second.control.counts().reuseDetected).toBe(1);
  expect((await after.refresh(live.refreshToken)).status).toBe(200);
  expect(await after.connect({}, { user: "dora" })).toBeDefined();
  const off = { grant_type: "refresh_token", refresh_token: "x", client_id: "off", client_secret: "x" };
  expect((await after.token(off, {})).status).toBe(401);
});

test("a revocation survives a restart", async () => {
  const file = await dataFile();
  const redirectUri = await startCallback();
  const clients = [{ clientId, clientSecret, redirectUris: [redirectUri] }];
  const first = await startSandbox({ dataFile: file, clients });
  const { accessToken, refreshToken } = await connectedClient(first.url, redirectUri).connect();
  await first.control.revokeUser("alice");
  await first.close();
  const second = await startSandbox({ dataFile: file, clients });
  onTestFinished(() => second.close());
  const after = connectedClient(second.url, redirectUri);
  expect((await after.api("/api/files", accessToken)).status).toBe(401);
  expect((await after.refresh(refreshToken)).status).toBe(400);
});

test("a revocation leaves nothing of the user, and a token whose grant is gone is no good", async () => {
  const file = await dataFile();
  const client = await startConnectedClient({ dataFile: file });
  const { accessToken } = await client.connect();
  await client.connect({}, { user: "bob" });
  const database = new Database(file);
  onTestFinished(() => void database.close());
  const rowsOf = database.prepare("SELECT count(*) FROM artifact WHERE user = ?").pluck();

  database.prepare("DELETE FROM artifact WHERE model = 'Grant' AND user = 'alice'").run();
  expect((await client.api("/api/files", accessToken)).status).toBe(401);
  expect(rowsOf.get("alice")).toBeGreaterThan(0);
  await client.sandbox.control.revokeUser("alice");
  expect([rowsOf.get("alice"), rowsOf.get("bob")]).toEqual([0, expect.any(Number)]);
  expect(rowsOf.get("bob")).toBeGreaterThan(0);
});

test("what has expired is forgotten", async () => {
  const file = await dataFile();
  const client = await startConnectedClient({ dataFile: file });
  const database = new Database(file);
  onTestFinished(() => void database.close());
  const accessTokens = database.prepare("SELECT count(*) FROM artifact WHERE model = 'AccessToken'").pluck();
  await client.connect();
  expect(accessTokens.get()).toBe(1);
  database.prepare("UPDATE artifact SET expires_at = 1 WHERE model = 'AccessToken'").run();
  await client.connect();
  expect(accessTokens.get()).toBe(1);
});

test("without a data file every sandbox is new", async () => {
  const one = await startConnectedClient();
  const { accessToken } = await one.connect();
  const other = await startConnectedClient();
  expect((await other.api("/api/files", accessToken)).status).toBe(401);
});

test("a port that is taken or a data file that cannot be is an error", async () => {
  const { sandbox } = await startConnectedClient();
  const port = Number(new URL(sandbox.url).port);
  await expect(startSandbox({ port })).rejects.toThrow("EADDRINUSE");
  await expect(startSandbox({ dataFile: join(tmpdir(), "no such folder", "x") })).rejects.toThrow("directory");
});

test("bodies without end are refused where clients authenticate", async () => {
  const { sandbox } = await startConnectedClient();
  for (const path of ["/token", "/revoke"]) {
    const response = await fetch(`${sandbox.url}${path}`, {
      method: "POST",
      headers: { authorization: basic },
      body: new URLSearchParams({ token: "x".repeat(50_000) }),
    });
    expect(response.status).toBe(413);
  }
});
