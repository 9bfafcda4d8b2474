import { describe, expect, test } from "vitest";
import { parametersProblem, withParameters } from "../../src/provider/parameters.ts";
import { providerEntry } from "./entry.ts";

const LABEL = { kind: "label", description: "The account", example: "acme" } as const;
const HOST = { kind: "host", description: "Where users sign in", example: "login.acme.example" } as const;
const CHOICE = {
  kind: "choice" as const,
  description: "The region",
  values: [
    { value: "eu", label: "Europe" },
    { value: "us", label: "United States" },
  ],
  default: "us",
};

const FAMILY = providerEntry({
  id: "family",
  authorization_url: "https://{host}/{account}/authorize?region={region}",
  token_url: "https://{host}/{account}/token",
  parameters: { host: HOST, account: LABEL, region: CHOICE },
});
const VALUES = { host: "login.acme.example", account: "acme-1" };

describe("an entry of a family", () => {
  test("stands for one server with what the client says", () => {
    expect(parametersProblem(FAMILY, VALUES)).toBeNull();
    expect(withParameters(FAMILY, { ...VALUES, region: "eu" })).toMatchObject({
      authorization_url: "https://login.acme.example/acme-1/authorize?region=eu",
      token_url: "https://login.acme.example/acme-1/token",
    });
  });

  test("has what is usual where the client says nothing", () => {
    expect(withParameters(FAMILY, VALUES).authorization_url).toContain("region=us");
  });

  test.each<[Record<string, string>, string]>([
    [{ host: "login.acme.example" }, 'account is needed by family: The account, such as "acme"'],
    [{ ...VALUES, tenant: "t" }, "tenant is no parameter of family, which has host, account, region"],
    [{ ...VALUES, region: "mars" }, "region has to be one of eu, us"],
  ])("says what is wrong with %j", (values, problem) => {
    expect(parametersProblem(FAMILY, values)).toBe(problem);
  });

  test.each(["a/b", "a?b", "a#b", "a@b", "..", "a..b", "a b", "a\\b", "%2e", "", ".a", "{x}", "ü"])(
    "is not led elsewhere by %j as a label",
    (account) => {
      expect(parametersProblem(FAMILY, { ...VALUES, account })).toMatch(/^account has to look like "acme"$/);
    },
  );

  test.each([
    "https://a.example",
    "a.example/x",
    "a.example?x",
    "user@a.example",
    "a..example",
    "a b",
    "-a.example",
    "",
  ])("is not led elsewhere by %j as a host", (host) => {
    expect(parametersProblem(FAMILY, { ...VALUES, host })).toMatch(/^host has to be a host name like/);
  });
});

describe("a host within a domain", () => {
  const entry = providerEntry({
    token_url: "https://{host}/token",
    parameters: { host: { ...HOST, within: ["login.acme.example", ".my.acme.example"] } },
  });

  test.each(["login.acme.example", "a.my.acme.example", "A.B.my.acme.example"])("may be %s", (host) => {
    expect(parametersProblem(entry, { host })).toBeNull();
  });

  test.each(["acme.example", "my.acme.example", "evil-my.acme.example", "login.acme.example.evil.example"])(
    "may not be %s",
    (host) => {
      expect(parametersProblem(entry, { host })).toBe(
        "host has to be login.acme.example or a host below my.acme.example",
      );
    },
  );
});

test("an entry without parameters takes none", () => {
  expect(parametersProblem(providerEntry(), {})).toBeNull();
  expect(parametersProblem(providerEntry(), { a: "b" })).toBe("a is no parameter of acme, which has none");
});
