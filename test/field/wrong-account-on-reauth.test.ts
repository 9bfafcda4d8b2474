import { expect, test } from "vitest";
import { HOUR } from "../../src/runtime/clock.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { consent } from "./browser.ts";
import { later } from "./later.ts";
import { entryFor, idTokenOf, startScriptedProvider, tokens, type ScriptedProvider } from "./scripted-provider.ts";

/** A mailbox that is connected at a provider whose tokens name the account. */
async function connected(sub: string): Promise<{ provider: ScriptedProvider; stage: Stage; id: string }> {
  const provider = await startScriptedProvider();
  const stage = await openStage({ provider: () => entryFor(provider, "google") });
  grants(provider, sub, tokens(1));
  return { provider, stage, id: (await consent(stage)).session.at("connection_id") };
}

/** From now on users sign in as that account. */
function grants(provider: ScriptedProvider, sub: string, granted: Record<string, unknown>): void {
  const account = { sub, email: `${sub}@example.com` };
  provider.token = () => ({ body: { ...granted, id_token: idTokenOf(provider, account) } });
}

/** The connection is `sub`'s with its first tokens, and its refresh token is the one that goes to the provider. */
async function expectUntouched(
  { provider, stage, id }: Awaited<ReturnType<typeof connected>>,
  sub: string,
): Promise<void> {
  const path = `/v1/connections/${id}`;
  expect((await stage.api("GET", path)).body).toMatchObject({
    status: "active",
    generation: 1,
    account: { id: sub, label: `${sub}@example.com` },
  });
  expect((await stage.token(id)).body).toMatchObject({ access_token: "at-1", generation: 1 });
  provider.token = () => ({ body: { access_token: "at-renewed", expires_in: 3600 } });
  await later(stage, HOUR);
  expect((await stage.token(id)).body).toMatchObject({ access_token: "at-renewed", generation: 2 });
  expect(provider.tokenRequests.at(-1)?.get("refresh_token")).toBe("rt-1");
}

const { refresh_token: _, ...WITHOUT_REFRESH_TOKEN } = tokens(2);

test("reconnect-with-different-mailbox-accepted: another mailbox is refused whatever it brings, and the first one is named", async () => {
  const scene = await connected("mailbox-a");
  const { provider, stage, id } = scene;
  for (const granted of [tokens(2), WITHOUT_REFRESH_TOKEN]) {
    grants(provider, "mailbox-b", granted);
    const { session, page } = await consent(stage, { connection: id });
    expect(session.body).toMatchObject({ status: "failed", problem: { code: "account_mismatch" } });
    expect([page.status, page.body]).toEqual([400, expect.stringContaining("mailbox-a@example.com")]);
  }
  await expectUntouched(scene, "mailbox-a");

  // The same mailbox replaces its tokens as one.
  grants(provider, "mailbox-a", tokens(3));
  expect((await consent(stage, { connection: id })).session.body).toMatchObject({ status: "completed", problem: null });
  expect((await stage.token(id)).body).toMatchObject({ access_token: "at-3", generation: 3 });
});

test("refresh-token-preserved-across-accounts: a refresh token is kept for a consent of its own account, never for another's or for one of whom nothing is known", async () => {
  const scene = await connected("account-b");
  const { provider, stage, id } = scene;
  grants(provider, "account-a", WITHOUT_REFRESH_TOKEN);
  const { session } = await consent(stage, { connection: id });
  expect(session.body).toMatchObject({ status: "failed", problem: { code: "account_mismatch" } });
  await expectUntouched(scene, "account-b");

  grants(provider, "account-b", WITHOUT_REFRESH_TOKEN);
  expect((await consent(stage, { connection: id })).session.body).toMatchObject({ status: "completed", problem: null });
  expect((await stage.token(id)).body).toMatchObject({ access_token: "at-2", generation: 3 });
  await later(stage, HOUR);
  await stage.token(id);
  expect(provider.tokenRequests.at(-1)?.get("refresh_token")).toBe("rt-1");
  await expectNotKeptForAnybody();
});

/** This provider names no account, so that whoever consents may be somebody else. */
async function expectNotKeptForAnybody(): Promise<void> {
  const provider = await startScriptedProvider();
  const stage = await openStage({ provider: () => entryFor(provider, "linear") });
  const id = (await consent(stage)).session.at("connection_id");
  provider.token = () => ({ body: { access_token: "at-of-somebody", expires_in: 3600 } });
  const { session } = await consent(stage, { connection: id });
  expect(session.body).toMatchObject({ status: "completed", problem: { code: "refresh_token_missing" } });
  expect((await stage.token(id)).body).toMatchObject({ access_token: "at-of-somebody", generation: 2 });
  await later(stage, HOUR);
  expect((await stage.token(id)).body).toMatchObject({
    code: "reauthorization_required",
    cause: "refresh_token_missing",
  });
  expect(provider.tokenRequests.map((form) => form.get("refresh_token"))).toEqual([null, null]);
}
