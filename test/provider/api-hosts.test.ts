import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { apiHostPattern, apiHosts, exactHost, originOf, readNamedHost } from "../../src/provider/api-hosts.ts";
import { withParameters } from "../../src/provider/parameters.ts";
import { providerEntry } from "./entry.ts";

function origin(patterns: readonly string[], written: string, fields: Record<string, string> = {}): string | null {
  const named = readNamedHost(written);
  return named && originOf(apiHosts(patterns, fields), named);
}

describe("a host is meant", () => {
  test.each<[string, string, string | null]>([
    ["api.example.com", "api.example.com", "https://api.example.com"],
    ["api.example.com", "API.Example.com", "https://api.example.com"],
    ["API.example.com", "api.example.com:443", "https://api.example.com"],
    ["api.example.com:8443", "api.example.com:8443", "https://api.example.com:8443"],
    ["http://files.internal", "files.internal", "http://files.internal"],
    ["http://files.internal:8080", "files.internal:8080", "http://files.internal:8080"],
    ["[2001:db8::1]:8443", "[2001:db8::1]:8443", "https://[2001:db8::1]:8443"],
    ["*.example.com", "eu.api.example.com", "https://eu.api.example.com"],
    ["*.example.com", "example.com", null],
    ["*.example.com", "evilexample.com", null],
    ["*.example.com", "api.example.com.evil.example", null],
    ["api.example.com", "api.example.com:8443", null],
    ["api.example.com:8443", "api.example.com", null],
    ["api.example.com", "api.example.com.", null],
    ["api.example.com", "api.example.com:0443443", null],
    ["http://files.internal", "files.internal:443", null],
  ])("by %s as %s: %s", (pattern, written, expected) => {
    expect(origin([pattern], written)).toBe(expected);
  });

  test("by what the token answer says, where that is a host or the URL of one, and never as a pattern", () => {
    const from = (value: string) => origin(["{instance_url}"], "acme.my.salesforce.com", { instance_url: value });
    const meant = "https://acme.my.salesforce.com";
    expect([from("https://acme.my.salesforce.com"), from("acme.my.salesforce.com"), from(`${meant}/x?y`)]).toEqual([
      meant,
      meant,
      meant,
    ]);
    for (const value of ["*.salesforce.com", "", "https://user@", "javascript:alert(1)", "acme.my.salesforce.com/x"]) {
      expect([value, from(value)]).toEqual([value, null]);
    }
    expect(origin(["{subdomain}.sf-api.com"], "acme.sf-api.com", { subdomain: "acme" })).toBe(
      "https://acme.sf-api.com",
    );
    expect(origin(["{instance_url}"], "undefined")).toBeNull();
  });

  test("by what a client says of a family", () => {
    const subdomain = { kind: "label" as const, description: "The account", example: "acme" };
    const family = providerEntry({ parameters: { subdomain }, api_hosts: ["{subdomain}.zendesk.com", "{api_url}"] });
    const { api_hosts } = withParameters(family, { subdomain: "acme" });
    expect(api_hosts).toEqual(["acme.zendesk.com", "{api_url}"]);
    expect(origin(api_hosts, "acme.zendesk.com")).toBe("https://acme.zendesk.com");
    expect(origin(api_hosts, "other.zendesk.com")).toBeNull();
  });
});

test.each([
  "",
  "*",
  "*.com",
  "*.{domain}",
  "a..b",
  ".a",
  "https://a.example",
  "a.example/x",
  "a.example:99999",
  "a b",
  "u@a",
])("%j is no host of an entry, and none of a client", (text) => {
  expect([apiHostPattern.safeParse(text).success, exactHost.safeParse(text).success]).toEqual([false, false]);
});

test("a client names one host at a time", () => {
  expect(exactHost.safeParse("*.example.com").success).toBe(false);
  expect(exactHost.safeParse("{x}.example.com").success).toBe(false);
  expect(exactHost.safeParse("http://files.internal:8080").success).toBe(true);
});

test("whatever is written, what is meant is a host of the list and nothing else (property)", () => {
  const hosts = ["api.example.com", "*.example.org", "http://127.0.0.1:8080"];
  const odd = fc.constantFrom(
    "api.example.com",
    "x.example.org",
    "127.0.0.1:8080",
    "@",
    "\\",
    "/",
    "%2f",
    "#",
    "?",
    ".",
    ":",
  );
  const written = fc.array(fc.oneof(odd, fc.string({ maxLength: 3 })), { maxLength: 5 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(written, (text) => {
      const meant = origin(hosts, text);
      if (meant === null) return;
      const { protocol, hostname, host } = new URL(meant);
      const isListed = host === "127.0.0.1:8080" ? protocol === "http:" : protocol === "https:";
      expect(isListed && /^(api\.example\.com|.+\.example\.org|127\.0\.0\.1)$/.test(hostname)).toBe(true);
    }),
    { numRuns: 2000 },
  );
});
