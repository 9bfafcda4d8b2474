import { createCipheriv, createHash, randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { CommandFailure } from "../../../src/cli/command-failure.ts";
import { isFaulty } from "../../../src/cli/import/import-row.ts";
import { SOURCES } from "../../../src/cli/import/sources.ts";
import { openRaw } from "../../stage/raw-database.ts";
import { temporaryFolder } from "../../stage/temporary-folder.ts";
import { fileIn, rowsOf } from "./rows-of.ts";

let folder = "";
beforeEach(() => {
  folder = temporaryFolder();
});

function file(name: string, content: unknown): string {
  return fileIn(folder, name, content);
}

const ENDS = "2027-03-01T10:00:00.000Z";

/** As OpenSSL does with `enc -aes-256-cbc -md md5`. */
function sealedByN8n(password: string, value: unknown): string {
  const salt = randomBytes(8);
  const blocks: Buffer[] = [];
  for (let last = Buffer.alloc(0); blocks.length < 3;) {
    last = createHash("md5")
      .update(Buffer.concat([last, Buffer.from(password), salt]))
      .digest();
    blocks.push(last);
  }
  const [one = salt, two = salt, iv = salt] = blocks;
  const cipher = createCipheriv("aes-256-cbc", Buffer.concat([one, two]), iv);
  const body = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()]);
  return Buffer.concat([Buffer.from("Salted__"), salt, body]).toString("base64");
}

function entry(id: string, data: unknown) {
  return { id, name: "Drive", type: "googleDriveOAuth2Api", data };
}

test("n8n's export: decrypted, encrypted, in files of their own, without a sign-in, and with a wrong key", async () => {
  const data = {
    clientId: "made-up-client",
    clientSecret: "made-up-secret",
    oauthTokenData: { access_token: "made-up-at", refresh_token: "made-up-rt", scope: "a b", expires_in: 3599 },
  };
  const path = file("all.json", [
    entry("1", data),
    entry("2", sealedByN8n("made-up-key", data)),
    entry("3", sealedByN8n("another", data)),
    entry("4", { user: "x", password: "y" }),
    entry("5", "bm8gc2FsdA=="),
    { id: "6", type: "x" },
  ]);
  const environment = { N8N_ENCRYPTION_KEY: "made-up-key" };
  const row = {
    clientNames: ["googleDriveOAuth2Api", "made-up-client"],
    oauthClientId: "made-up-client",
    labels: { n8n_id: "1", n8n_type: "googleDriveOAuth2Api", n8n_name: "Drive" },
    accessToken: "made-up-at",
    refreshToken: "made-up-rt",
    expiresAt: null,
    scope: "a b",
  };
  expect(await rowsOf("n8n", path, { environment })).toEqual([
    expect.objectContaining({ ...row, sourceId: "1" }),
    expect.objectContaining({ ...row, sourceId: "2", labels: { ...row.labels, n8n_id: "2" } }),
    ["3", "sealed"],
    expect.objectContaining({ verdict: "no_refresh_token" }),
    ["5", "sealed"],
    ["6", "malformed"],
  ]);
  const separate = join(folder, "separate");
  mkdirSync(separate);
  writeFileSync(join(separate, "1.json"), JSON.stringify(entry("1", data)));
  writeFileSync(join(separate, "2.json"), JSON.stringify(entry("2", sealedByN8n("made-up-key", data))));
  expect(await rowsOf("n8n", separate)).toEqual([expect.objectContaining({ sourceId: "1" }), ["2", "sealed"]]);
});

test("Auth.js: seconds, in a database of SQLite, in CSV, and in columns with other names", async () => {
  const database = openRaw(join(folder, "app.db"));
  database.exec(`create table "Account" ("userId" text, provider text, "providerAccountId" text, refresh_token text,
    access_token text, expires_at integer, scope text);
    insert into "Account" values ('u1', 'google', '108', 'made-up-rt', 'made-up-at', ${Date.parse(ENDS) / 1000}, 'a b');
    insert into "Account" values ('u2', 'github', '7', null, 'made-up-at', null, null);`);
  database.close();
  const row = {
    sourceId: "google/108",
    clientNames: ["google"],
    account: { id: "108" },
    endUser: "u1",
    accessToken: "made-up-at",
    refreshToken: "made-up-rt",
    expiresAt: Date.parse(ENDS),
    scope: "a b",
  };
  expect(await rowsOf("authjs", `sqlite:${join(folder, "app.db")}`)).toEqual([
    expect.objectContaining(row),
    expect.objectContaining({ sourceId: "github/7", refreshToken: null, expiresAt: null }),
  ]);
  const csv = `user_id,provider,provider_account_id,refresh_token,access_token,expires_at,scope\r
u1,google,108,made-up-rt,made-up-at,${Date.parse(ENDS) / 1000},"a b"\r\n,,,,,,\r\n`;
  expect(await rowsOf("authjs", file("accounts.csv", csv))).toEqual([expect.objectContaining(row), ["?", "malformed"]]);
  await expect(rowsOf("authjs", file("torn.csv", 'a,b\n"x'))).rejects.toThrow("is not CSV");
  await expect(rowsOf("authjs", join(folder, "none.json"))).rejects.toThrow("ENOENT");
  await expect(rowsOf("authjs", "sqlite:/nowhere/none.db")).rejects.toThrow(CommandFailure);
});

test("better-auth: scopes with commas, times with and without a zone, in milliseconds, and of the refresh token", async () => {
  const account = {
    id: "a1",
    accountId: "108",
    providerId: "google",
    userId: "u1",
    accessToken: "made-up-at",
    refreshToken: "made-up-rt",
    scope: "openid,a",
  };
  const times = [ENDS, "2027-03-01 10:00:00", "2027-03-01 11:00:00+01", Date.parse(ENDS), "soon"];
  const lines = times.map((time) =>
    JSON.stringify({ ...account, accessTokenExpiresAt: time, refreshTokenExpiresAt: time }),
  );
  const rows = await rowsOf("better-auth", file("account.jsonl", `${lines.join("\n")}\n{"torn\n`));
  const read = { expiresAt: Date.parse(ENDS), refreshExpiresAt: Date.parse(ENDS), scope: "openid a" };
  for (const row of rows.slice(0, 4)) expect(row).toMatchObject({ sourceId: "google/108", ...read });
  expect(rows.slice(4)).toEqual([expect.objectContaining({ verdict: "malformed" }), ["row 6", "malformed"]]);
});

test("Airbyte: refresh tokens at any depth, two in one source, masked, and none", async () => {
  const secrets = { client_id: "made-up-client", client_secret: "made-up-secret", refresh_token: "made-up-rt" };
  const path = file("sources.json", {
    data: [
      {
        sourceId: "s1",
        sourceType: "google-ads",
        configuration: { credentials: { ...secrets, developer_token: "x" } },
      },
      { sourceId: "s2", sourceName: "Salesforce", connectionConfiguration: { ...secrets, is_sandbox: false } },
      { sourceId: "s3", name: "two", configuration: { a: { auth: secrets }, b: { auth: secrets } } },
      { sourceId: "s4", configuration: { credentials: { ...secrets, refresh_token: "**********" } } },
      { sourceId: "s5", configuration: { api_key: "made-up" } },
    ],
  });
  const rows = await rowsOf("airbyte", path);
  const row = { oauthClientId: "made-up-client", refreshToken: "made-up-rt" };
  expect(rows).toEqual([
    expect.objectContaining({ ...row, sourceId: "s1", clientNames: ["google-ads", "made-up-client"] }),
    expect.objectContaining({ ...row, sourceId: "s2", clientNames: ["Salesforce", "made-up-client"] }),
    expect.objectContaining({ ...row, sourceId: "s3" }),
    expect.objectContaining({ ...row, sourceId: "s3#b.auth" }),
    expect.objectContaining({ sourceId: "s4", verdict: "sealed" }),
    ["s5", "no_refresh_token"],
  ]);
});

test("our own columns, in CSV and JSON; a file without a header repeats no token", async () => {
  const csv = `client,refresh_token,account_id,account_label,label.plan,expires_at\ncrm,made-up-rt,7,x@example.com,gold,${ENDS}\n`;
  const row = {
    sourceId: "row 1",
    clientNames: ["crm"],
    account: { id: "7", label: "x@example.com" },
    labels: { plan: "gold" },
    refreshToken: "made-up-rt",
    expiresAt: Date.parse(ENDS),
  };
  expect(await rowsOf("file", file("own.csv", csv))).toEqual([expect.objectContaining(row)]);
  const given = { id: "x1", client: "crm", provider: "google", refresh_token: "made-up-rt", labels: { plan: "gold" } };
  const expected = { sourceId: "x1", clientNames: ["crm", "google"], labels: { plan: "gold" } };
  expect(await rowsOf("file", file("own.json", given))).toEqual([expect.objectContaining(expected)]);
  expect(await rowsOf("file", file("list.json", [given]))).toEqual([expect.objectContaining(expected)]);
  const headless = await rowsOf("file", file("headless.csv", "crm,made-up-token\ncrm,another\n"));
  expect(headless).toEqual([["row 1", "malformed"]]);
  const source = SOURCES.file.open({
    from: join(folder, "headless.csv"),
    table: undefined,
    environment: {},
    inTime: (ask) => ask(),
  });
  for await (const each of source.rows()) {
    expect(isFaulty(each) && each.fault.message).toBe("Its field 1 is not one of those that docs/moving.md lists.");
  }
});
