import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readTarget } from "../../../src/facade/proxy/target.ts";

const ID = `con_${"0".repeat(26)}`;

describe("what is asked for", () => {
  test.each<[string, string, number | null, string]>([
    ["api.example.com", "api.example.com", null, "/"],
    ["api.example.com/", "api.example.com", null, "/"],
    ["API.example.com:8443/a/b?c=d", "api.example.com", 8443, "/a/b?c=d"],
    ["api.example.com?c=d", "api.example.com", null, "/?c=d"],
    ["[::1]:80/x", "[::1]", 80, "/x"],
    [
      "api.example.com/../%2e%2e//a\\b;c/%2F%0d%0a@evil.example?//x",
      "api.example.com",
      null,
      "/../%2e%2e//a\\b;c/%2F%0d%0a@evil.example?//x",
    ],
  ])("at %s", (rest, name, port, path) => {
    expect(readTarget(`/proxy/${ID}/${rest}`)).toEqual({ connectionId: ID, host: { name, port }, path });
  });

  test.each([
    `/proxy/${ID}`,
    `/proxy/${ID}/`,
    `/proxy/${ID}//evil.example/`,
    `/proxy/${ID}/user@evil.example/`,
    `/proxy/${ID}/user:pw@evil.example/`,
    `/proxy/${ID}/https:/evil.example/`,
    `/proxy/${ID}/https://evil.example/`,
    `/proxy/${ID}/evil.example%2fx/`,
    `/proxy/${ID}/evil.example%23/`,
    `/proxy/${ID}/evil.example\\x/`,
    `/proxy/${ID}/../evil.example/`,
    `/proxy/${ID}/%2e%2e/`,
    `/proxy/${ID}/evil.example:/`,
    `/proxy/${ID}/evil.example:99999/`,
    `/proxy/${ID}/evil.example./`,
    `/proxy/${ID}/api.example.com/x#y`,
    `/%70roxy/${ID}/api.example.com/`,
    `http://evil.example/proxy/${ID}/api.example.com/`,
    `//proxy/${ID}/api.example.com/`,
  ])("is not to be read from %s", (url) => {
    expect(() => readTarget(url)).toThrow(expect.objectContaining({ code: "invalid_request" }));
  });

  test.each(["con_1", `con_${"0".repeat(25)}%30`, "..", `cli_${"0".repeat(26)}`])(
    "is nobody's connection by %s",
    (id) => {
      expect(() => readTarget(`/proxy/${id}/api.example.com/`)).toThrow(expect.objectContaining({ code: "not_found" }));
    },
  );

  test("is the host before the first slash and all that follows, whatever follows (property)", () => {
    const char = fc.constantFrom(...Array.from("/.\\@:%?&=;,~!$'()*+[]{}|^`\"<>ab2eEfF"));
    const rest = fc.array(fc.oneof(char, fc.constantFrom("..", "%2e", "%2f", "//evil.example", "%0d%0aHost:%20evil")));
    fc.assert(
      fc.property(rest, (parts) => {
        const path = `/${parts.join("")}`;
        expect(readTarget(`/proxy/${ID}/api.example.com${path}`)).toEqual({
          connectionId: ID,
          host: { name: "api.example.com", port: null },
          path,
        });
      }),
    );
  });
});
