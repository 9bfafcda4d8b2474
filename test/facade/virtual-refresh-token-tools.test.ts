import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { createScriptedUser } from "@evergrant/sandbox";
import { expect, test } from "vitest";
import { HOUR } from "../../src/runtime/clock.ts";
import { startPageServer } from "../stage/page-server.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { virtualClientOf } from "./virtual-stage.ts";

const run = promisify(execFile);

/** Cloud Storage with one object, for whoever has an access token that the sandbox knows. */
function startStorage({ sandbox }: Stage): Promise<string> {
  const items = [{ name: "kept.txt", bucket: "b", size: "3", updated: "2026-01-01T00:00:00Z" }];
  const statusFor = async (authorization = "") =>
    (await fetch(`${sandbox.url}/api/files`, { headers: { authorization, connection: "close" } })).status;
  return startPageServer((request, response) => {
    void statusFor(request.headers.authorization).then((status) =>
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ items })),
    );
  });
}

/** As docs/drop-in.md has it; of Debian's rclone this is the backend whose API can be somewhere else too. */
async function configureRclone(stage: Stage, connectionId: string) {
  const client = await virtualClientOf(stage, connectionId);
  const token = {
    access_token: "none",
    token_type: "Bearer",
    refresh_token: client.refreshToken,
    expiry: "2000-01-01T00:00:00Z",
  };
  const file = `${temporaryFolder()}/rclone.conf`;
  const options = {
    type: "google cloud storage",
    token_url: client.tokenUrl,
    client_id: client.clientId,
    client_secret: client.clientSecret,
    token: JSON.stringify(token),
    endpoint: `${await startStorage(stage)}/storage/v1/`,
  };
  const lines = Object.entries(options).map(([name, value]) => `${name} = ${value}`);
  writeFileSync(file, `[files]\n${lines.join("\n")}\n`);
  return { file, refreshToken: client.refreshToken };
}

test("rclone lists over expiries, keeps what it was given, and shows the link when the user has revoked", async () => {
  // It takes a token that has ten seconds left for one that has expired.
  const stage = await openStage({ behaviour: { accessTokenLifetimeSeconds: 9 } });
  const { connectionId } = await stage.connect();
  const { file, refreshToken } = await configureRclone(stage, connectionId);
  const list = () => run("rclone", ["--config", file, "--retries", "1", "--low-level-retries", "1", "lsf", "files:b"]);
  const used = new Set<string>();
  for (let expiry = 0; expiry < 3; expiry++) {
    expect((await list()).stdout).toBe("kept.txt\n");
    const kept = readFileSync(file, "utf8");
    expect(kept).toContain(`"refresh_token":"${refreshToken}"`);
    used.add(/"access_token":"([^"]+)"/.exec(kept)?.[1] ?? "");
    await stage.clock.leap(HOUR);
  }
  expect(used.size).toBe(3);
  await stage.sandbox.control.revokeUser("alice");
  await stage.clock.leap(HOUR);
  const failed = await list().then(() => "", String);
  const [, link = ""] = /"error_uri":"([^"]+)"/.exec(failed) ?? [];
  expect(link).toContain("/reauthorize/");
  await createScriptedUser({ user: "alice" }).visit(link);
  expect((await list()).stdout).toBe("kept.txt\n");
});

/** What requests-oauthlib sends, by Python's own library. */
const REFRESH = `
import json, sys, urllib.error, urllib.parse, urllib.request
url, client_id, client_secret, refresh_token = sys.argv[1:]
passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
passwords.add_password(None, url, client_id, client_secret)
opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(passwords))
form = {"grant_type": "refresh_token", "refresh_token": refresh_token, "scope": "files.read"}
with opener.open(url, urllib.parse.urlencode(form).encode()) as answer:
    print(json.dumps(json.load(answer)))
`;

test("Python's own library, which waits for the challenge, redeems too", async () => {
  const stage = await openStage();
  const { connectionId } = await stage.connect();
  const { tokenUrl, clientId, clientSecret, refreshToken } = await virtualClientOf(stage, connectionId);
  const { stdout } = await run("python3", ["-c", REFRESH, tokenUrl, clientId, clientSecret, refreshToken]);
  const { at } = await stage.token(connectionId);
  expect(JSON.parse(stdout)).toMatchObject({ access_token: at("access_token"), refresh_token: refreshToken });
});
