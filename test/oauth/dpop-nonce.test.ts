import { describe, expect, test } from "vitest";
import { createDpopNonces, isNonceWanted } from "../../src/oauth/dpop-nonce.ts";
import type { HttpResponse } from "../../src/oauth/http.ts";
import { httpAnswer } from "./http-answer.ts";

const NONCE = { "dpop-nonce": "n-1" };
const WANTED = { error: "use_dpop_nonce" };

function answered(status: number, body: object, headers: Record<string, string>): HttpResponse {
  return { ...httpAnswer(status, body), headers };
}

describe("a server that refuses wants a nonce and nothing else", () => {
  test.each<[string, HttpResponse]>([
    ["a token endpoint's (RFC 9449 §8)", answered(400, WANTED, NONCE)],
    ["a token endpoint's with another status", answered(401, WANTED, NONCE)],
    ["an API's (§9)", answered(401, {}, { ...NONCE, "www-authenticate": 'DPoP error="use_dpop_nonce"' })],
  ])("by %s answer", (_whose, response) => {
    expect(isNonceWanted(response)).toBe(true);
  });

  test.each<[string, HttpResponse]>([
    ["another error", answered(400, { error: "invalid_grant" }, NONCE)],
    ["no nonce", answered(400, WANTED, {})],
    ["a nonce that is none", answered(400, WANTED, { "dpop-nonce": "n-1, n-2" })],
    ["a success", answered(200, WANTED, NONCE)],
    ["a gateway's trouble", answered(502, WANTED, NONCE)],
  ])("but not by %s", (_what, response) => {
    expect(isNonceWanted(response)).toBe(false);
  });
});

describe("the newest nonce", () => {
  test("is of one server and one key, whatever the path and the status", () => {
    const nonces = createDpopNonces();
    nonces.note("https://as.example/token", "jkt", answered(400, WANTED, NONCE));
    expect(nonces.newest("https://as.example/userinfo", "jkt")).toBe("n-1");
    expect(nonces.newest("https://as.example:8443/token", "jkt")).toBeNull();
    expect(nonces.newest("https://as.example/token", "other")).toBeNull();
    nonces.note("https://as.example/token", "jkt", answered(200, {}, { "dpop-nonce": "n-2" }));
    expect(nonces.newest("https://as.example/token", "jkt")).toBe("n-2");
  });

  test.each([{}, { "dpop-nonce": "" }, { "dpop-nonce": "a b" }, { "dpop-nonce": "n".repeat(1001) }])(
    "is not replaced by %j",
    (headers) => {
      const nonces = createDpopNonces();
      nonces.note("https://as.example/token", "jkt", answered(200, {}, NONCE));
      nonces.note("https://as.example/token", "jkt", answered(200, {}, headers));
      expect(nonces.newest("https://as.example/token", "jkt")).toBe("n-1");
    },
  );

  test("does not take memory without end", () => {
    const nonces = createDpopNonces();
    for (let n = 0; n <= 10_000; n++) nonces.note("https://as.example/", `jkt-${n}`, answered(200, {}, NONCE));
    expect(nonces.newest("https://as.example/", "jkt-0")).toBeNull();
    expect(nonces.newest("https://as.example/", "jkt-10000")).toBe("n-1");
  });
});
