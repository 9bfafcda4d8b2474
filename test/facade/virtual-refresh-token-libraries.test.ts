import { createScriptedUser } from "@evergrant/sandbox";
import { expect, test } from "vitest";
import { HOUR } from "../../src/runtime/clock.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { answerIn, LIBRARIES, type LibraryName } from "./children/libraries.mjs";
import { virtualClientOf } from "./virtual-stage.ts";

const NAMES: LibraryName[] = ["simple-oauth2", "openid-client", "google-auth-library"];

/** An application that has nothing but a library, and what that last told it to keep. */
async function openApplication(stage: Stage, connectionId: string, name: LibraryName) {
  const client = await virtualClientOf(stage, connectionId);
  const refresh = await LIBRARIES[name]({ ...client, issuer: stage.service.url });
  let kept = client.refreshToken;
  return {
    name,
    kept: () => kept,
    given: client.refreshToken,
    refresh: async () => {
      const { accessToken, refreshToken } = await refresh(kept);
      kept = refreshToken;
      return accessToken;
    },
  };
}

test("simple-oauth2, openid-client and Google's library go on over expiries, and over a revocation by the link in the error", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  const applications = await Promise.all(NAMES.map((name) => openApplication(stage, connectionId, name)));
  const seen = new Set<string>();
  const refreshAndUse = async () => {
    for (const { name, refresh } of applications) {
      const accessToken = await refresh();
      const headers = { authorization: `Bearer ${accessToken}` };
      const used = await fetch(`${stage.sandbox.url}/api/files`, { headers });
      expect([name, used.status]).toEqual([name, 200]);
      seen.add(accessToken);
    }
  };
  await refreshAndUse();
  for (let expiry = 0; expiry < 3; expiry++) {
    await stage.clock.leap(2 * HOUR);
    await refreshAndUse();
  }
  expect(seen.size).toBe(4);

  await stage.sandbox.control.revokeUser("alice");
  await stage.clock.leap(2 * HOUR);
  const links = new Set<string>();
  for (const { name, refresh } of applications) {
    const told = await refresh().then(() => null, answerIn);
    expect([name, told?.error]).toEqual([name, "invalid_grant"]);
    links.add(told?.error_uri ?? "");
  }
  const [link = ""] = links;
  expect([links.size, link]).toEqual([1, expect.stringContaining("/reauthorize/")]);
  await createScriptedUser({ user: "alice" }).visit(link);
  await refreshAndUse();
  expect(seen.size).toBe(5);
  for (const { name, kept, given } of applications) expect([name, kept()]).toEqual([name, given]);
});
