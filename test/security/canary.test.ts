import { readdirSync, readFileSync } from "node:fs";
import { createScriptedUser } from "@evergrant/sandbox";
import { expect, test } from "vitest";
import type { Answer } from "../stage/api.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { temporaryFolder } from "../stage/temporary-folder.ts";
import { findSecrets, spellings } from "./encodings.ts";
import { issuedBy } from "./sandbox-tokens.ts";

const CLIENT_SECRET = "canary-client-secret/+=&% 1";
const IMPORTED_REFRESH_TOKEN = "canary-imported-refresh-token-0123456789";
const IMPORTED_ACCESS_TOKEN = "canary-imported-access-token-0123456789";

test("the search finds a secret in every spelling", () => {
  const secret = "s3cret/+token==with&odd=parts";
  for (const [how, spelling] of spellings(secret)) {
    expect([how, findSecrets(`xx${spelling}yy`, new Map([["it", secret]])).length > 0]).toEqual([how, true]);
  }
  for (const shift of [0, 1, 2, 3, 4]) {
    const embedded = Buffer.from(`${"a".repeat(shift)}${secret}zzzz`).toString("base64");
    expect(findSecrets(embedded, new Map([["it", secret]]))).not.toEqual([]);
  }
  expect(findSecrets("nothing here", new Map([["it", secret]]))).toEqual([]);
});

test("no secret is in the database, its log, the service's log at `trace`, or any answer but the access token's", async () => {
  const sandboxFile = `${temporaryFolder()}/sandbox.db`;
  const stage = await openStage({ sandboxFile, client: { client_secret: CLIENT_SECRET } });
  const answers: string[] = [];
  const secrets = new Map(knownSecrets(stage));
  const collect = () => issuedBy(sandboxFile).forEach((secret, name) => secrets.set(name, secret));
  await drive(stage, (answer) => answers.push(answer), collect);
  collect();

  expect([...secrets.keys()].filter((name) => name.startsWith("RefreshToken")).length).toBeGreaterThan(3);
  expect([...secrets.keys()].filter((name) => name.startsWith("AccessToken")).length).toBeGreaterThan(3);
  expect([...secrets.keys()].filter((name) => name.startsWith("AuthorizationCode")).length).toBeGreaterThan(1);

  expect(stage.log.length).toBeGreaterThan(20);
  expect(findSecrets(stage.log.join(""), secrets)).toEqual([]);
  expect(findSecrets(answers.join("\n"), secrets)).toEqual([]);
  for (const file of readdirSync(stage.settings.dataDir).filter((name) => name.startsWith("evergrant.db"))) {
    expect([file, findSecrets(readFileSync(`${stage.settings.dataDir}/${file}`, "latin1"), secrets)]).toEqual([
      file,
      [],
    ]);
  }
}, 60_000);

/** Takes every path that handles a secret, the failing ones too, and keeps each answer that must not hold one. */
async function drive(stage: Stage, keep: (answer: string) => void, collect: () => void): Promise<void> {
  const { api, sandbox, clientId } = stage;
  const call: Stage["api"] = async (method, path, body) => kept(await api(method, path, body), keep);
  await sandbox.control.rotateClientSecret("evergrant", CLIENT_SECRET);
  const { connectionId, session, page } = await stage.connect("alice");
  keep(session.text);
  keep(page.body);
  await stage.token(connectionId);
  await call("POST", `/v1/connections/${connectionId}/refresh`);
  await api("POST", `/v1/connections/${connectionId}/access-token/rejected`, { generation: 2, status: 401 });
  for (const fault of ["html", "empty", "status"] as const) {
    sandbox.control.change({ tokenEndpointFault: { kind: fault, status: fault === "status" ? 503 : 200 } });
    await stage.clock.advance(20 * 60_000);
    await call("POST", `/v1/connections/${connectionId}/refresh`);
  }
  sandbox.control.change({ tokenEndpointFault: null });
  await stage.clock.advance(10 * 60_000);
  await call("POST", `/v1/connections/${connectionId}/check`);
  await sandbox.control.rotateClientSecret("evergrant", "another");
  await call("POST", `/v1/connections/${connectionId}/refresh`);
  await call("POST", `/v1/clients/${clientId}/secrets`, { client_secret: CLIENT_SECRET });
  await sandbox.control.rotateClientSecret("evergrant", CLIENT_SECRET);
  await stage.clock.advance(2 * 60_000);
  await call("POST", `/v1/connections/${connectionId}/refresh`);

  const token_set = { refresh_token: IMPORTED_REFRESH_TOKEN, access_token: IMPORTED_ACCESS_TOKEN };
  await call("POST", "/v1/connections/import", { client: clientId, token_set, verify: true });
  await call("POST", "/v1/connections/import", { client: clientId, token_set: { ...token_set, odd: 1 } });
  await call("POST", "/v1/connections/import", {
    client: clientId,
    token_set: { ...token_set, expires_in: IMPORTED_ACCESS_TOKEN },
  });
  await call("POST", "/v1/connections/import", `{"token_set":{"refresh_token":"${IMPORTED_REFRESH_TOKEN}"`);
  await call("POST", "/v1/clients", { provider: CLIENT_SECRET, client_id: "x", client_secret: CLIENT_SECRET });

  // The sandbox forgets what it revokes.
  collect();
  await sandbox.control.revokeUser("alice");
  await call("POST", `/v1/connections/${connectionId}/refresh`);
  const link = (await stage.token(connectionId)).at("reauthorization_url");
  keep((await createScriptedUser({ user: "bob" }).visit(link)).body);
  keep((await createScriptedUser({ user: "alice" }).visit(link)).body);
  const made = await api("POST", "/v1/api-keys", { name: "reader", scopes: ["token:read"] });
  await call("DELETE", `/v1/api-keys/${made.at("id")}`);
  for (const path of [
    "/v1/connections",
    `/v1/connections/${connectionId}`,
    `/v1/connections/${connectionId}/history`,
  ]) {
    await call("GET", path);
  }
  for (const path of ["/v1/clients", "/v1/providers", "/v1/api-keys", "/openapi.json", "/readyz", "/metrics"])
    await call("GET", path);
  collect();
  await call("DELETE", `/v1/connections/${connectionId}`);
}

function kept(answer: Answer, keep: (answer: string) => void): Answer {
  keep(answer.text);
  keep(JSON.stringify([...answer.headers]));
  return answer;
}

function knownSecrets(stage: Stage): Map<string, string> {
  return new Map([
    ["client secret", CLIENT_SECRET],
    ["imported refresh token", IMPORTED_REFRESH_TOKEN],
    ["imported access token", IMPORTED_ACCESS_TOKEN],
    ["admin key", stage.adminKey],
    ["root key", readFileSync(`${stage.settings.dataDir}/root.key`, "utf8").trim()],
  ]);
}
