import { createCipheriv, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { startPageServer } from "../../stage/page-server.ts";
import { administer } from "../../stage/postgres/administer.ts";
import { postgresDatabase } from "../../stage/postgres/database.ts";
import { temporaryFolder } from "../../stage/temporary-folder.ts";
import { fileIn, rowsOf } from "./rows-of.ts";

const ENDS = "2027-03-01T10:00:00.000Z";

function nangoRecord(id: string, credentials: unknown, more: object = {}) {
  return { id: 1, connection_id: id, provider_config_key: "google-drive", credentials, deleted: false, ...more };
}

const OAUTH2 = {
  type: "OAUTH2",
  access_token: "made-up-at",
  refresh_token: "made-up-rt",
  expires_at: ENDS,
  raw: { scope: "a b", token_type: "Bearer" },
};

function sealedByNango(key: Buffer, value: unknown) {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  const sealed = Buffer.concat([cipher.update(JSON.stringify(value)), cipher.final()]).toString("base64");
  return {
    credentials: { encrypted_credentials: sealed },
    credentials_iv: iv.toString("base64"),
    credentials_tag: cipher.getAuthTag().toString("base64"),
  };
}

const OF_NANGO = {
  sourceId: "google-drive/user-1",
  clientNames: ["google-drive"],
  labels: { nango_connection_id: "user-1", nango_provider_config_key: "google-drive" },
  accessToken: "made-up-at",
  refreshToken: "made-up-rt",
  expiresAt: Date.parse(ENDS),
  scope: "a b",
};

test("Nango's table: plain, encrypted, of another kind, deleted, and with a wrong key", async () => {
  const key = randomBytes(32);
  const path = fileIn(temporaryFolder(), "connections.json", [
    nangoRecord("user-1", OAUTH2),
    nangoRecord("user-1", null, sealedByNango(key, OAUTH2)),
    nangoRecord("user-2", null, sealedByNango(randomBytes(32), OAUTH2)),
    nangoRecord("user-3", { type: "API_KEY", apiKey: "made-up" }),
    nangoRecord("user-4", OAUTH2, { deleted: true }),
    { id: 5, credentials: {} },
    "not an object",
  ]);
  expect(await rowsOf("nango", path, { environment: { NANGO_ENCRYPTION_KEY: key.toString("base64") } })).toEqual([
    expect.objectContaining(OF_NANGO),
    expect.objectContaining(OF_NANGO),
    expect.objectContaining({ verdict: "sealed" }),
    expect.objectContaining({ verdict: "no_refresh_token" }),
    ["5", "malformed"],
    ["row 7", "malformed"],
  ]);
  expect(await rowsOf("nango", path)).toContainEqual(expect.objectContaining({ verdict: "sealed" }));
  const short = rowsOf("nango", path, { environment: { NANGO_ENCRYPTION_KEY: "c2hvcnQ=" } });
  await expect(short).rejects.toThrow("256 bits");
});

test("Nango's database is read as it is, and nothing can be changed through that", async () => {
  const url = new URL(await postgresDatabase("empty"));
  await administer(url.href, "create schema nango");
  await administer(
    url.href,
    `create table nango._nango_connections (id serial, connection_id text, provider_config_key text, credentials json,
      credentials_iv text, credentials_tag text, deleted boolean)`,
  );
  const insert = `insert into nango._nango_connections (connection_id, provider_config_key, credentials, deleted)
    select 'user-' || n, 'google-drive', $1, n = 2 from generate_series(1, 1200) as n`;
  await administer(url.href, insert, [JSON.stringify(OAUTH2)]);
  const { password } = url;
  const refused = rowsOf("nango", "postgres://x:made-up@127.0.0.1/x");
  await expect(refused).rejects.toThrow("holds a password");
  url.password = "";
  const environment = { PGPASSWORD: decodeURIComponent(password) };
  const rows = await rowsOf("nango", url.href, { environment });
  expect(rows).toHaveLength(1199);
  expect(rows[0]).toMatchObject(OF_NANGO);
  await expect(rowsOf("nango", url.href, { environment, table: "elsewhere" })).rejects.toThrow("no table elsewhere");
});

test("Nango's API is listed, asked with the refresh token for each, and its errors are told apart", async () => {
  const asked: string[] = [];
  const origin = await startPageServer((request, response) => {
    asked.push(`${request.headers.authorization} ${request.url}`);
    const url = new URL(request.url ?? "", "http://nango");
    const answer = (status: number, body: unknown): void => void response.writeHead(status).end(JSON.stringify(body));
    if (url.pathname === "/connection") {
      const found = ["user-1", "broken"].map((id) => ({
        connection_id: id,
        provider_config_key: "google-drive",
        provider: "google",
      }));
      return answer(200, { connections: [{ ...found[0], end_user: { id: "u1" } }, found[1]] });
    }
    if (url.pathname === "/connection/broken") return answer(424, { error: { code: "invalid_credentials" } });
    return answer(200, { connection_id: "user-1", credentials: OAUTH2 });
  });
  const rows = await rowsOf("nango", `${origin}/`, { environment: { NANGO_SECRET_KEY: "made-up-key" } });
  expect(rows).toEqual([
    expect.objectContaining({ ...OF_NANGO, clientNames: ["google-drive", "google"], endUser: "u1" }),
    expect.objectContaining({ sourceId: "google-drive/broken", verdict: "malformed" }),
  ]);
  expect(asked[1]).toBe("Bearer made-up-key /connection/user-1?provider_config_key=google-drive&refresh_token=true");
  await expect(rowsOf("nango", origin)).rejects.toThrow("NANGO_SECRET_KEY is not set");
  const refusing = await startPageServer((_request, response) => response.writeHead(401).end());
  const environment = { NANGO_SECRET_KEY: "made-up-key" };
  await expect(rowsOf("nango", refusing, { environment })).rejects.toThrow("refuses NANGO_SECRET_KEY");
});
