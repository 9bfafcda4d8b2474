import { describe, expect, test } from "vitest";
import { createBrowserCookie } from "../../src/pages/browser-cookie.ts";

const https = createBrowserCookie("https://evergrant.example");
const http = createBrowserCookie("http://127.0.0.1:4100");

describe("the cookie that ties a sign-in to a browser", () => {
  test("is bound to this very host under https (RFC 6265bis §4.1.3.2: __Host-, Secure, Path=/, no Domain)", () => {
    const parts = https.set("ab", "token-1").split("; ");
    expect(parts[0]).toBe("__Host-evergrant_connect_ab=token-1");
    expect(parts.slice(1).toSorted()).toEqual(["HttpOnly", "Max-Age=600", "Path=/", "SameSite=Lax", "Secure"]);
  });

  test("is neither Secure nor __Host- under http, where a browser would not keep it", () => {
    const parts = http.set("ab", "token-1").split("; ");
    expect(parts[0]).toBe("evergrant_connect_ab=token-1");
    expect(parts.slice(1).toSorted()).toEqual(["HttpOnly", "Max-Age=600", "Path=/", "SameSite=Lax"]);
  });
});

describe("its token is read back", () => {
  test.each([
    ["alone", "__Host-evergrant_connect_ab=t-1"],
    ["first", "__Host-evergrant_connect_ab=t-1; other=2"],
    ["last", "other=2; __Host-evergrant_connect_ab=t-1"],
    ["without blanks", "other=2;__Host-evergrant_connect_ab=t-1;more=3"],
  ])("%s", (_where, header) => {
    expect(https.read("ab", header)).toBe("t-1");
  });

  test("as it was set", () => {
    for (const cookie of [https, http]) {
      const pair = cookie.set("ab", "aZ09-_").split(";")[0];
      expect(cookie.read("ab", pair)).toBe("aZ09-_");
    }
  });

  test.each([
    ["it is of another attempt", "__Host-evergrant_connect_cd=t-1"],
    ["there is no header", undefined],
    ["the header is empty", ""],
    ["only other cookies came", "session=t-1"],
    ["the name only ends alike", "x__Host-evergrant_connect_ab=t-1"],
    ["the name only begins alike", "__Host-evergrant_connect_ab2=t-1"],
    ["the name is in the value of another", "session=__Host-evergrant_connect_ab=t-1"],
    ["only one without the prefix came, which any host of the domain could have set", "evergrant_connect_ab=t-1"],
  ])("not when %s", (_what, header) => {
    expect(https.read("ab", header)).toBeNull();
  });

  test("not under http from the cookie of https", () => {
    expect(http.read("ab", "__Host-evergrant_connect_ab=t-1")).toBeNull();
  });
});
