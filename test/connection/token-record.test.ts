import { describe, expect, test } from "vitest";
import { openAccessToken, openRefreshToken, sealTokenSet } from "../../src/connection/token-record.ts";
import type { TokenSet } from "../../src/oauth/token-set.ts";
import { secret } from "../../src/runtime/secret.ts";
import { openEngineStage } from "../stage/engine-stage.ts";
import { TENANT } from "../stage/world.ts";

const OWNER = { tenantId: TENANT, connectionId: "con_1" };
const AS = { generation: 3, origin: "ahead" } as const;

const TOKENS: TokenSet = {
  accessToken: secret("access-canary"),
  refreshToken: secret("refresh-canary"),
  tokenType: "Bearer",
  obtainedAt: 1000,
  expiresAt: 2000,
  refreshExpiresAt: null,
  scope: ["a", "b"],
  answerFields: {},
  dpopKey: null,
};

test("what is sealed opens again, and everything else stays readable", async () => {
  const { keyring } = await openEngineStage();
  const record = await sealTokenSet(keyring, OWNER, TOKENS, AS);
  expect((await openAccessToken(keyring, OWNER, record))?.reveal()).toBe("access-canary");
  expect((await openRefreshToken(keyring, OWNER, record))?.reveal()).toBe("refresh-canary");
  expect(record).toMatchObject({ ...AS, tokenType: "Bearer", obtainedAt: 1000, expiresAt: 2000, scope: ["a", "b"] });
});

test("no token is readable in the record", async () => {
  const { keyring } = await openEngineStage();
  const record = await sealTokenSet(keyring, OWNER, TOKENS, AS);
  for (const sealed of [record.sealedAccessToken, record.sealedRefreshToken]) {
    expect(Buffer.from(sealed ?? []).toString("latin1")).not.toContain("canary");
  }
});

test("a token that is not there stays not there", async () => {
  const { keyring } = await openEngineStage();
  const record = await sealTokenSet(keyring, OWNER, { ...TOKENS, accessToken: null, refreshToken: null }, AS);
  expect(record).toMatchObject({ sealedAccessToken: null, sealedRefreshToken: null });
  expect(await openAccessToken(keyring, OWNER, record)).toBeNull();
  expect(await openRefreshToken(keyring, OWNER, record)).toBeNull();
});

describe("a record does not open", () => {
  test.each([
    ["for another connection", { ...OWNER, connectionId: "con_2" }, {}],
    ["for another tenant", { ...OWNER, tenantId: "ten_2" }, {}],
    ["as another generation", OWNER, { generation: 2 }],
  ])("%s", async (_, owner, change) => {
    const { keyring } = await openEngineStage();
    const record = { ...(await sealTokenSet(keyring, OWNER, TOKENS, AS)), ...change };
    await expect(openAccessToken(keyring, owner, record)).rejects.toMatchObject({ code: "key_unavailable" });
    await expect(openRefreshToken(keyring, owner, record)).rejects.toMatchObject({ code: "key_unavailable" });
  });

  test("with its access token and its refresh token swapped", async () => {
    const { keyring } = await openEngineStage();
    const record = await sealTokenSet(keyring, OWNER, TOKENS, AS);
    const { sealedAccessToken: sealedRefreshToken, sealedRefreshToken: sealedAccessToken } = record;
    const swapped = { ...record, sealedAccessToken, sealedRefreshToken };
    await expect(openAccessToken(keyring, OWNER, swapped)).rejects.toMatchObject({ code: "key_unavailable" });
  });
});
