import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { providerSchema } from "../../src/provider/provider.ts";

const FOLDER = new URL("../../src/provider/data/", import.meta.url);
const FILES = readdirSync(FOLDER);

test("the catalogue has entries, one JSON file each", () => {
  expect(FILES.length).toBeGreaterThanOrEqual(4);
  expect(FILES.filter((file) => !/^[a-z0-9-]+\.json$/.test(file))).toEqual([]);
});

describe.each(FILES)("%s", (file) => {
  const text = readFileSync(new URL(file, FOLDER), "utf8");
  const provider = providerSchema.parse(JSON.parse(text));

  test("is named after its id", () => {
    expect(file).toBe(`${provider.id}.json`);
  });

  test("sends secrets and users to https only", () => {
    const { authorization_url, token_url, refresh_url, revocation_url, userinfo_url } = provider;
    const urls = [authorization_url, token_url, refresh_url, revocation_url, userinfo_url].filter(
      (url) => url !== null,
    );
    expect(urls.filter((url) => !url.startsWith("https://"))).toEqual([]);
  });

  test("names the source of what it says", () => {
    expect(provider.sources).not.toEqual([]);
  });

  test("looks up the account where it says that it can", () => {
    const { identity, identity_scopes, userinfo_url } = provider;
    expect(identity.from === "userinfo" && userinfo_url === null).toBe(false);
    expect(identity.from === "id_token" && !identity_scopes.includes("openid")).toBe(false);
  });
});
