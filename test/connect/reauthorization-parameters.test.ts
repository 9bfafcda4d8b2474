import { expect, test } from "vitest";
import { consent, depart, leaveBy } from "../field/browser.ts";
import { entryFor, idTokenOf, startScriptedProvider, tokens } from "../field/scripted-provider.ts";
import { openStage } from "../stage/stage.ts";

/** What a sign-in, a sign-in anew, and one that may be with another account ask of this provider. */
async function askedOf(entry: string, account: Record<string, unknown>) {
  const provider = await startScriptedProvider();
  const stage = await openStage({ provider: () => entryFor(provider, entry) });
  provider.token = () => ({ body: { ...tokens(1), id_token: idTokenOf(provider, account) } });
  provider.userinfo = () => ({ body: account });
  const connection = (await consent(stage)).session.at("connection_id");
  const path = `/v1/connections/${connection}/reauthorization-link`;
  const choice = await stage.api("POST", path, { account: "may_change" });
  return {
    first: (await depart(stage)).authorization,
    anew: await leaveBy((await stage.api("POST", path)).at("url")),
    choice: await leaveBy(choice.at("url")),
  };
}

const ALICE = { sub: "alice", email: "alice@example.com" };

test("Google is asked for the account by name, and where another may be chosen, to ask", async () => {
  const { first, anew, choice } = await askedOf("google", ALICE);
  expect([first.get("login_hint"), first.get("prompt")]).toEqual([null, "consent"]);
  expect([anew.get("login_hint"), anew.get("prompt")]).toEqual(["alice@example.com", "consent"]);
  expect([choice.get("login_hint"), choice.get("prompt")]).toEqual([null, "select_account consent"]);
  expect(choice.get("access_type")).toBe("offline");
});

test.each([
  ["9188040d-6c67-4c5b-b112-36a304b66dad", "consumers"],
  ["72f988bf-0000-0000-0000-000000000000", "organizations"],
])("Microsoft is told where an account of tenant %s is at home: %s", async (tid, domain) => {
  const { first, anew, choice } = await askedOf("microsoft", { ...ALICE, tid, oid: "o" });
  expect([first.get("domain_hint"), first.get("prompt")]).toEqual([null, null]);
  expect([anew.get("login_hint"), anew.get("domain_hint"), anew.get("prompt")]).toEqual([ALICE.email, domain, null]);
  expect([choice.get("login_hint"), choice.get("domain_hint"), choice.get("prompt")]).toEqual([
    null,
    null,
    "select_account",
  ]);
});

test("GitHub takes the account by a name of its own", async () => {
  const { anew } = await askedOf("github-oauth-app", { id: 1, email: ALICE.email });
  expect([anew.get("login"), anew.get("login_hint")]).toEqual(["alice@example.com", null]);
});
