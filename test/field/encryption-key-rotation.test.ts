import { existsSync } from "node:fs";
import { createScriptedUser } from "@evergrant/sandbox";
import { expect, test } from "vitest";
import { generateRootKey } from "../../src/keyring/root-key.ts";
import { HOUR } from "../../src/runtime/clock.ts";
import { startService } from "../../src/service/service.ts";
import type { RootKeySource } from "../../src/service/settings.ts";
import { systemRandom } from "../../src/service/system.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { garble } from "../stage/garble.ts";
import { consent } from "./browser.ts";
import { entryFor, idTokenOf, startScriptedProvider, tokens } from "./scripted-provider.ts";

test("undecryptable-row-blocks-reauthorization: a row that cannot be opened is told as that, and any new consent of the account replaces it", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect("alice");
  await stage.clock.advance(1);
  const other = await stage.connect("bob");
  await garble(stage, connectionId);
  const unreadable = await stage.token(connectionId);
  expect(unreadable.body).toMatchObject({
    status: 503,
    code: "key_unavailable",
    cause: "key_unavailable",
    who_acts: "operator",
    connection_id: connectionId,
  });
  expect(failuresOf(stage, connectionId)).toEqual([expect.stringContaining('"code":"key_unavailable"')]);
  expect((await stage.api("GET", "/v1/connections/con_none/access-token")).body).toMatchObject({ code: "not_found" });
  expect((await stage.token(other.connectionId)).status).toBe(200);

  await stage.api("POST", `/v1/connections/${connectionId}/refresh`);
  expect(failuresOf(stage, connectionId).at(-1)).toContain('"cause":"key_unavailable"');
  expect(stage.sandbox.control.counts()).toMatchObject({ refreshRequests: 0 });

  const link = await stage.api("POST", `/v1/connections/${connectionId}/reauthorization-link`);
  const page = await createScriptedUser({ user: "alice" }).visit(link.at("url"));
  expect(page.body).toContain("The account is connected");
  expect((await stage.token(connectionId)).body).toMatchObject({ generation: 2, refresh_state: "ok" });
  const connection = await stage.api("GET", `/v1/connections/${connectionId}`);
  expect(connection.body).toMatchObject({ status: "active", diagnosis: null, account: { id: "alice" } });
  const refreshed = await stage.api("POST", `/v1/connections/${connectionId}/refresh`);
  expect(refreshed.body).toMatchObject({ status: "active", generation: 3 });
  await expectReplacedWithoutRefreshToken();
});

function failuresOf({ log }: Stage, connectionId: string): string[] {
  return log.filter((line) => line.includes('"refresh.failed"') && line.includes(connectionId));
}

/** What cannot be opened is not kept where the consent brings no refresh token, and keeps nobody from consenting. */
async function expectReplacedWithoutRefreshToken(): Promise<void> {
  const provider = await startScriptedProvider();
  const stage = await openStage({ provider: () => entryFor(provider, "google") });
  const { refresh_token: refreshToken, ...onlyAccess } = tokens(1);
  const grants = (granted: object) => {
    provider.token = () => ({ body: { ...granted, id_token: idTokenOf(provider, { sub: "alice" }) } });
  };
  grants({ ...onlyAccess, refresh_token: refreshToken });
  const id = (await consent(stage)).session.at("connection_id");
  await garble(stage, id);
  grants({ ...onlyAccess, access_token: "at-2" });
  const { session } = await consent(stage, { connection: id });
  expect(session.body).toMatchObject({ status: "completed", problem: { code: "refresh_token_missing" } });
  expect((await stage.token(id)).body).toMatchObject({ access_token: "at-2", generation: 2 });
}

test("upgrade-regenerates-encryption-key: with another key or none the service does not start, sends nothing, and makes none", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  await stage.service.close();
  const { settings, clock } = stage;
  const missing = `${temporaryFolder()}/root.key`;
  const wrong: RootKeySource[] = [
    { kind: "value", text: generateRootKey(systemRandom) },
    { kind: "generated", path: missing },
  ];
  const system = { clock, random: systemRandom, log: { write: () => undefined } };
  for (const rootKey of wrong) {
    await expect(startService({ ...settings, rootKey }, system)).rejects.toMatchObject({ kind: "key" });
    await clock.leap(HOUR);
  }
  expect(existsSync(missing)).toBe(false);
  expect(stage.sandbox.control.counts()).toMatchObject({ refreshRequests: 0, tokenRequestsByClient: { evergrant: 1 } });

  await stage.restart();
  expect((await stage.token(connectionId)).body).toMatchObject({ refresh_state: "ok", generation: 2 });
  const connection = await stage.api("GET", `/v1/connections/${connectionId}`);
  expect(connection.body).toMatchObject({ status: "active", diagnosis: null });
});
