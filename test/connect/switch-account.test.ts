import { createScriptedUser } from "@evergrant/sandbox";
import { expect, test } from "vitest";
import { startPageServer } from "../stage/page-server.ts";
import { openRaw } from "../stage/raw-database.ts";
import { openStage, type Stage } from "../stage/stage.ts";

const MAY_CHANGE = { account: "may_change" };

/** Bob has followed a link to Alice's connection, and is asked. */
async function asked(stage: Stage) {
  const { connectionId } = await stage.connect("alice");
  const before = await stage.token(connectionId);
  const link = await stage.api("POST", `/v1/connections/${connectionId}/reauthorization-link`, MAY_CHANGE);
  const bob = createScriptedUser({ user: "bob" });
  const page = await bob.visit(link.at("url"));
  return { connectionId, before, link, bob, page };
}

async function accountOf(stage: Stage, id: string): Promise<string> {
  return (await stage.api("GET", `/v1/connections/${id}`)).at("account", "id");
}

/** What waits for a decision, over all sessions. */
function waiting({ settings }: Stage): unknown {
  const database = openRaw(`${settings.dataDir}/evergrant.db`, { readonly: true });
  const found = database.value("select count(*) from connect_sessions where arrival is not null");
  database.close();
  return found;
}

test("without leave another account is refused by a page that names both, its tokens are forgotten, and the old ones work", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  const before = await stage.token(connectionId);
  const link = await stage.api("POST", `/v1/connections/${connectionId}/reauthorization-link`);
  const bob = createScriptedUser({ user: "bob" });
  const page = await bob.visit(link.at("url"));
  expect(page.status).toBe(400);
  expect(page.body).toContain("You signed in with <bdi>bob@sandbox.example</bdi>");
  expect(page.body).toContain("belongs to <bdi>alice@sandbox.example</bdi>");
  await expect(bob.press(page, "switch")).rejects.toThrow("no form");
  expect(waiting(stage)).toBe(0);
  expect((await stage.token(connectionId)).body).toEqual(before.body);
  // The provider was told nothing: revoking could end other connections of the same person.
  expect(stage.sandbox.control.counts().revocationRequests).toBe(0);
  await stage.clock.leap(55 * 60_000);
  await expect.poll(async () => (await stage.token(connectionId)).body).toMatchObject({ generation: 2 });
});

test("what is pressed in the page of a refusal cannot switch, whatever it says", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  const link = await stage.api("POST", `/v1/connections/${connectionId}/reauthorization-link`);
  const bob = createScriptedUser({ user: "bob" });
  const page = await bob.visit(link.at("url"));
  const forged = { ...page, body: page.body.replace('value="again"', 'value="switch"') };
  expect((await bob.press(forged, "switch")).status).toBe(400);
  expect(await accountOf(stage, connectionId)).toBe("alice");
});

test("with leave the person is asked, and nothing is stored before the answer", async () => {
  const stage = await openStage();
  const { connectionId, before, page } = await asked(stage);
  expect(page.status).toBe(200);
  expect(page.body).toContain("You signed in with <bdi>bob@sandbox.example</bdi>");
  expect(page.body).toContain("This connection was for <bdi>alice@sandbox.example</bdi>");
  expect((await stage.token(connectionId)).body).toEqual(before.body);
  expect(await accountOf(stage, connectionId)).toBe("alice");
  expect(waiting(stage)).toBe(1);
});

test("a switch keeps the connection, says so in the history, and is written down with the new token set", async () => {
  const stage = await openStage();
  const { connectionId, bob, page } = await asked(stage);
  const done = await bob.press(page, "switch");
  expect(done.body).toContain("The account is connected");
  expect((await stage.api("GET", `/v1/connections/${connectionId}`)).body).toMatchObject({
    id: connectionId,
    status: "active",
    end_user: "user-alice",
    account: { id: "bob", label: "bob@sandbox.example" },
  });
  expect((await stage.token(connectionId)).body).toMatchObject({ generation: 2 });
  expect(waiting(stage)).toBe(0);
  const history = await stage.api("GET", `/v1/connections/${connectionId}/history`);
  expect(history.body).toMatchObject({
    history: [
      { kind: "account_switched", detail: { was: "alice@sandbox.example", account: "bob@sandbox.example" } },
      { kind: "reauthorized" },
      { kind: "connected" },
    ],
  });
  const audit = await stage.api("GET", "/v1/audit?act=connection.account_switched");
  expect(audit.body).toMatchObject({
    entries: [{ object: connectionId, actor: { kind: "user", id: null }, from: "127.0.0.1" }],
  });
  // Once: pressed again, it is what it was.
  expect((await bob.press(page, "switch")).body).toContain("The account is connected");
  expect((await stage.token(connectionId)).body).toMatchObject({ generation: 2 });
  // From now on the other one is the wrong one.
  const link = await stage.api("POST", `/v1/connections/${connectionId}/reauthorization-link`);
  expect((await createScriptedUser({ user: "alice" }).visit(link.at("url"))).status).toBe(400);
});

test("a switch that cannot be written down does not happen", async () => {
  const stage = await openStage();
  const { connectionId, before, bob, page } = await asked(stage);
  const database = openRaw(`${stage.settings.dataDir}/evergrant.db`);
  database.exec("alter table audit rename to gone");
  expect((await bob.press(page, "switch")).status).toBeGreaterThanOrEqual(500);
  database.exec("alter table gone rename to audit");
  database.close();
  expect(await accountOf(stage, connectionId)).toBe("alice");
  expect((await stage.token(connectionId)).body).toEqual(before.body);
});

test("who keeps the account has changed nothing, and cannot switch later", async () => {
  const stage = await openStage();
  const { connectionId, before, bob, page } = await asked(stage);
  const kept = await bob.press(page, "keep");
  expect(kept.body).toContain("Nothing was changed");
  expect(waiting(stage)).toBe(0);
  await bob.press(page, "switch");
  expect((await stage.token(connectionId)).body).toEqual(before.body);
  expect((await stage.api("GET", "/v1/audit?act=connection.account_switched")).body).toMatchObject({ entries: [] });
});

test("the answer counts in the browser that came back alone, and with what its page said", async () => {
  const stage = await openStage();
  const { connectionId, bob, page } = await asked(stage);
  const stranger = await createScriptedUser({ user: "mallory" }).press(page, "switch");
  expect(stranger.status).toBe(400);
  const forged = {
    ...page,
    body: page.body.replaceAll(/name="confirmation" value="./g, 'name="confirmation" value="_'),
  };
  expect((await bob.press(forged, "switch")).status).toBe(400);
  expect(await accountOf(stage, connectionId)).toBe("alice");
});

test("who revokes the links takes the leave back, also from somebody who is being asked", async () => {
  const stage = await openStage();
  const { connectionId, bob, page, link } = await asked(stage);
  const path = `/v1/connections/${connectionId}/reauthorization-link`;
  expect((await stage.api("DELETE", path)).status).toBe(204);
  const late = await bob.press(page, "switch");
  expect(late.body).toContain("was withdrawn");
  expect(await accountOf(stage, connectionId)).toBe("alice");
  expect((await bob.visit(link.at("url"))).status).toBe(400);
  await stage.clock.advance(1000);
  const next = await stage.api("POST", path);
  expect((await createScriptedUser({ user: "alice" }).visit(next.at("url"))).body).toContain("connected again");
});

test("nobody decides after the ten minutes of a session", async () => {
  const stage = await openStage();
  const { connectionId, bob, page } = await asked(stage);
  await stage.clock.leap(11 * 60_000);
  expect((await bob.press(page, "switch")).status).toBe(400);
  expect(await accountOf(stage, connectionId)).toBe("alice");
});

test("a connect session may carry the leave, and leads back to the application after the answer", async () => {
  const returnUrl = `${await startPageServer()}/done`;
  const stage = await openStage({ client: { settings: { return_urls: [returnUrl] } } });
  const { connectionId } = await stage.connect("alice");
  const body = { connection: connectionId, ...MAY_CHANGE, return_url: returnUrl };
  const refused = await stage.api("POST", "/v1/connect-sessions", body);
  expect([refused.status, refused.at("detail")]).toEqual([400, expect.stringContaining("completion `automatic`")]);
  const without = await stage.api("POST", "/v1/connect-sessions", { client: stage.clientId, ...MAY_CHANGE });
  expect([without.status, without.at("code")]).toEqual([400, "invalid_request"]);
  const session = await stage.api("POST", "/v1/connect-sessions", { ...body, completion: "automatic" });
  const bob = createScriptedUser({ user: "bob" });
  const page = await bob.visit(session.at("connect_url"));
  const path = `/v1/connect-sessions/${session.at("id")}`;
  expect((await stage.api("GET", path)).body).toMatchObject({ status: "switching" });
  expect(new URL(page.url).origin).toBe(stage.settings.publicUrl);
  const back = await bob.press(page, "switch");
  expect(back.url).toBe(`${returnUrl}?connect_session=${session.at("id")}&status=completed`);
  expect((await stage.api("GET", path)).body).toMatchObject({ status: "completed", problem: null });
  expect(await accountOf(stage, connectionId)).toBe("bob");
});

test("who came back with the wrong account can try again, and then the provider asks who it is", async () => {
  const stage = await openStage({ provider: askingEntry });
  const { connectionId } = await stage.connect("alice");
  const link = await stage.api("POST", `/v1/connections/${connectionId}/reauthorization-link`);
  const bob = createScriptedUser({ user: "bob" });
  const page = await bob.visit(link.at("url"));
  const logins = stage.sandbox.control.counts().authorizationCodeRequests;
  const again = await bob.press(page, "again");
  expect([again.status, again.body.includes("This is another account")]).toEqual([400, true]);
  expect(stage.sandbox.control.counts().authorizationCodeRequests).toBe(logins + 1);
  expect(await accountOf(stage, connectionId)).toBe("alice");
});

test("trying again does not make the ten minutes longer", async () => {
  const stage = await openStage({ provider: askingEntry });
  const { connectionId } = await stage.connect("alice");
  const link = await stage.api("POST", `/v1/connections/${connectionId}/reauthorization-link`);
  const bob = createScriptedUser({ user: "bob" });
  const page = await bob.visit(link.at("url"));
  await stage.clock.leap(9 * 60_000);
  const again = await bob.press(page, "again");
  expect(again.body).toContain("This is another account");
  await stage.clock.leap(2 * 60_000);
  expect((await bob.press(again, "again")).body).toContain("has expired");
});

function askingEntry(issuer: string): Record<string, unknown> {
  return {
    name: "Sandbox",
    issuer,
    authorization_url: `${issuer}/authorize`,
    token_url: `${issuer}/token`,
    identity_scopes: ["openid", "email"],
    identity: { from: "id_token" },
    offline_access: { scopes: ["offline_access"], parameters: { prompt: "consent" } },
    reauthorization: { choose_account: { prompt: "login consent" } },
  };
}
