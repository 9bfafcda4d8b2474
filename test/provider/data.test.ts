import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { readApiHost } from "../../src/provider/api-hosts.ts";
import { parameterProblem } from "../../src/provider/provider-parameter.ts";
import { providerSchema } from "../../src/provider/provider.ts";

const FOLDER = new URL("../../src/provider/data/", import.meta.url);
const FILES = readdirSync(FOLDER);

test("the catalogue has entries, one JSON file each", () => {
  expect(FILES.length).toBeGreaterThanOrEqual(92);
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

  test("has a parameter for each blank in its URLs, and none besides", () => {
    const { issuer, authorization_url, token_url, refresh_url, revocation_url, userinfo_url } = provider;
    const urls = [issuer, authorization_url, token_url, refresh_url, revocation_url, userinfo_url].join(" ");
    const blanks = new Set([...urls.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name));
    expect([...blanks].toSorted()).toEqual(Object.keys(provider.parameters).toSorted());
  });

  test("has hosts of its APIs whose blanks are parameters or fields of the answer, and which make hosts", () => {
    const { api_hosts: patterns, answer_fields, parameters } = provider;
    const blanks = [...patterns.join(" ").matchAll(/\{([\w.]+)\}/g)].map(([, name = ""]) => name);
    expect(blanks.filter((name) => !(name in parameters) && !answer_fields.includes(name))).toEqual([]);
    const filled = patterns.map((pattern) => readApiHost(pattern.replaceAll(/\{[\w.]+\}/g, "acme")));
    expect(filled.filter((host) => host?.scheme !== "https")).toEqual([]);
  });

  test("takes its own examples and what it says is usual", () => {
    for (const [name, parameter] of Object.entries(provider.parameters)) {
      const example = parameter.kind === "choice" ? (parameter.values[0]?.value ?? "") : parameter.example;
      const values = [example, parameter.default].filter((value) => value !== undefined);
      expect(values.map((value) => [name, value, parameterProblem(parameter, value)])).toEqual(
        values.map((value) => [name, value, null]),
      );
    }
  });

  test("does not say of a field that is no field that nobody could verify it", () => {
    expect(provider.unverified_fields.filter((field) => !(field in providerSchema.shape))).toEqual([]);
  });

  test("looks up the account where it says that it can", () => {
    const { identity, identity_scopes, userinfo_url, answer_fields } = provider;
    const inAnswer = identity.from === "token_response" ? [identity.account_field].flat() : [];
    expect(inAnswer.filter((field) => !answer_fields.includes(field))).toEqual([]);
    expect(identity.from === "userinfo" && userinfo_url === null).toBe(false);
    expect(identity.from === "id_token" && !identity_scopes.includes("openid")).toBe(false);
  });
});
