import { describe, expect, test } from "vitest";
import { NOTHING_TO_PROVE } from "../../src/client/dpop-prover.ts";
import { identify } from "../../src/connect/identity.ts";
import type { ReceivedTokens } from "../../src/oauth/token-response.ts";
import type { Provider } from "../../src/provider/provider.ts";
import { secret } from "../../src/runtime/secret.ts";
import { httpAnswer } from "../oauth/http-answer.ts";
import { providerEntry } from "../provider/entry.ts";
import { clientAt } from "../stage/world.ts";

const TOKENS: ReceivedTokens = {
  accessToken: secret("at"),
  tokenType: "Bearer",
  refreshToken: null,
  expiresIn: null,
  refreshExpiresIn: null,
  scope: null,
  idToken: null,
  answerFields: { "team.id": "T1", "authed_user.id": "U1" },
};

function accountAt(identity: Partial<Provider["identity"]>, userinfo: object = {}) {
  const provider = providerEntry({
    identity: { from: "userinfo", ...identity },
    userinfo_url: "https://as.example/userinfo",
  });
  const transport = {
    send: () => Promise.resolve({ kind: "response", response: httpAnswer(200, userinfo) } as const),
  };
  const client = { ...clientAt("acme", "cli_1"), createdAt: 0 };
  return identify({ transport, prover: NOTHING_TO_PROVE }, { provider, client, nonce: null }, TOKENS);
}

describe("the account", () => {
  test.each<[Provider["identity"]["account_field"], object, string]>([
    ["sub", { sub: "1" }, "1"],
    ["id", { id: 7 }, "7"],
    ["data.user.id", { data: { user: { id: "u" } } }, "u"],
    ["urn.with.dots", { "urn.with.dots": "u" }, "u"],
    [["team_id", "user_id"], { team_id: "T", user_id: "U" }, "T.U"],
  ])("is found in %j", async (account_field, userinfo, id) => {
    await expect(accountAt({ account_field }, userinfo)).resolves.toMatchObject({ id });
  });

  test.each([{}, { team_id: "T" }, { team_id: "T", user_id: "" }, { team_id: "T", user_id: null }])(
    "is not known by half of what identifies it: %j",
    async (userinfo) => {
      await expect(accountAt({ account_field: ["team_id", "user_id"] }, userinfo)).resolves.toBeNull();
    },
  );

  test("may stand in the token answer", async () => {
    const identity = { from: "token_response", account_field: ["team.id", "authed_user.id"] } as const;
    await expect(accountAt({ ...identity, account_field: [...identity.account_field] })).resolves.toMatchObject({
      id: "T1.U1",
    });
  });

  test("has a label where the provider gives one", async () => {
    const userinfo = { sub: "1", profile: { name: "Ann" } };
    await expect(accountAt({ label_field: "profile.name" }, userinfo)).resolves.toEqual({ id: "1", label: "Ann" });
  });
});
